// SPDX-License-Identifier: GPL-2.0
/*
 * Reading what the host says in NVSP.
 */
#include <linux/errno.h>
#include <linux/if_ether.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "nvsp_parse.h"

/**
 * nvsp_parse_rx_buffer() - answer to NVSP_RX_BUFFER
 * @msg: of its type and size; ours
 * @bytes: of the buffer
 * @sections: filled in on success
 *
 * The driver has one size of sections in mind, and takes the host at its word
 * for where they are only if that is inside of the buffer.
 *
 * Return: 0, -EIO if the host refuses, or -EPROTO if the answer makes no sense.
 */
int nvsp_parse_rx_buffer(const struct nvsp_message *msg, u32 bytes,
			 struct nvsp_sections *sections)
{
	const struct nvsp_rx_buffer_done *done = &msg->rx_buffer_done;
	u32 size = le32_to_cpu(done->section_size);
	u32 count = le32_to_cpu(done->nr_sections);

	if (le32_to_cpu(done->status) != NVSP_STATUS_SUCCESS)
		return -EIO;
	if (le32_to_cpu(done->nr_groups) != 1 || done->offset ||
	    size < ETH_ZLEN || !count || (u64)size * count > bytes)
		return -EPROTO;

	sections->size = size;
	sections->count = count;
	return 0;
}

/**
 * nvsp_parse_tx_buffer() - answer to NVSP_TX_BUFFER
 * @msg: of its type and size; ours
 * @bytes: of the buffer
 * @sections: filled in on success; no more of them than ids of 16 bits
 *
 * Return: 0, -EIO if the host refuses, or -EPROTO if the answer makes no sense.
 */
int nvsp_parse_tx_buffer(const struct nvsp_message *msg, u32 bytes,
			 struct nvsp_sections *sections)
{
	const struct nvsp_tx_buffer_done *done = &msg->tx_buffer_done;
	u32 size = le32_to_cpu(done->section_size);

	if (le32_to_cpu(done->status) != NVSP_STATUS_SUCCESS)
		return -EIO;
	if (!size || size > bytes)
		return -EPROTO;

	sections->size = size;
	sections->count = min_t(u32, bytes / size, U16_MAX);
	return 0;
}

/**
 * nvsp_parse_subchannels() - answer to NVSP_SUBCHANNELS
 * @msg: of its type and size; ours
 * @asked: subchannels that were asked for
 * @given: those that will come, on success; up to @asked
 *
 * Return: 0, -EIO if the host refuses, or -EPROTO if the answer makes no sense.
 */
int nvsp_parse_subchannels(const struct nvsp_message *msg, u32 asked,
			   u32 *given)
{
	const struct nvsp_subchannels_done *done = &msg->subchannels_done;
	u32 count = le32_to_cpu(done->count);

	if (le32_to_cpu(done->status) != NVSP_STATUS_SUCCESS)
		return -EIO;
	if (count > asked)
		return -EPROTO;

	*given = count;
	return 0;
}

/**
 * nvsp_parse_association() - NVSP_VF_ASSOCIATION
 * @msg: of that type; ours
 * @len: its bytes
 * @present: there is a VF, on success
 * @serial: which one it is then
 *
 * Return: false if the message is too short.
 */
bool nvsp_parse_association(const struct nvsp_message *msg, u32 len,
			    bool *present, u32 *serial)
{
	if (len < nvsp_size(vf_association))
		return false;

	*present = le32_to_cpu(msg->vf_association.allocated) == 1;
	*serial = le32_to_cpu(msg->vf_association.serial);
	return true;
}

/* Out of the host's reach, once for all.  Return: false if it is too short. */
static bool nvsp_copy_done(struct nvsp_message *done, const void *msg, u32 len)
{
	if (len < nvsp_size(rndis_done))
		return false;
	memcpy(done, msg, nvsp_size(rndis_done));
	return true;
}

/**
 * nvsp_parse_switched() - completion of NVSP_SWITCH_DATA_PATH
 * @msg: what came with it; shared with the host
 * @len: its bytes
 *
 * The bare completion is the host's yes; a status may come with it.
 *
 * Return: whether the host has switched.
 */
bool nvsp_parse_switched(const void *msg, u32 len)
{
	struct nvsp_message done;

	return !nvsp_copy_done(&done, msg, len) ||
	       le32_to_cpu(done.rndis_done.status) == NVSP_STATUS_SUCCESS;
}

/**
 * nvsp_rndis_ok() - completion of NVSP_RNDIS
 * @msg: what came with it; shared with the host
 * @len: its bytes
 *
 * Return: whether it says that the RNDIS message was taken.
 */
bool nvsp_rndis_ok(const void *msg, u32 len)
{
	struct nvsp_message done;

	return nvsp_copy_done(&done, msg, len) &&
	       le32_to_cpu(done.type) == NVSP_RNDIS_DONE &&
	       le32_to_cpu(done.rndis_done.status) == NVSP_STATUS_SUCCESS;
}
