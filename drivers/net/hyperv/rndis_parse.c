// SPDX-License-Identifier: GPL-2.0
/*
 * Reading what the host says in RNDIS control.
 */
#include <linux/ctype.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/nls.h>
#include <linux/string.h>

#include "rndis.h"
#include "rndis_parse.h"

/**
 * rndis_status_to_errno() - what the host thinks of a request
 * @status: RNDIS_STATUS_* of the answer
 *
 * Return: 0, -EOPNOTSUPP for what the host does not know, or -EIO.
 */
int rndis_status_to_errno(u32 status)
{
	switch (status) {
	case RNDIS_STATUS_SUCCESS:
		return 0;
	case RNDIS_STATUS_NOT_SUPPORTED:
	case RNDIS_STATUS_INVALID_OID:
		return -EOPNOTSUPP;
	default:
		return -EIO;
	}
}

/**
 * rndis_parse_init() - answer to RNDIS_MSG_INIT
 * @body: of the answer; ours
 * @len: its bytes
 * @limits: filled in on success
 *
 * Return: 0, an error if the host refuses, -EPROTONOSUPPORT if this is not
 * Ethernet, or -EPROTO if the answer makes no sense.
 */
int rndis_parse_init(const void *body, u32 len, struct rndis_limits *limits)
{
	const struct rndis_initialize_done *done = body;
	u32 shift;
	int err;

	/* The list of address families at the end is not for Ethernet. */
	if (len < offsetof(typeof(*done), af_offset))
		return -EPROTO;
	err = rndis_status_to_errno(le32_to_cpu(done->status));
	if (err)
		return err;
	if (le32_to_cpu(done->medium) != RNDIS_MEDIUM_802_3)
		return -EPROTONOSUPPORT;

	shift = le32_to_cpu(done->alignment_shift);
	if (shift > RNDIS_MAX_ALIGN_SHIFT)
		return -EPROTO;
	limits->align_shift = shift;
	limits->max_packets = max(le32_to_cpu(done->max_packets), 1U);
	return 0;
}

/**
 * rndis_parse_set() - answer to RNDIS_MSG_SET
 * @body: of the answer; ours
 * @len: its bytes
 *
 * Return: 0, an error if the host refuses, or -EPROTO.
 */
int rndis_parse_set(const void *body, u32 len)
{
	const struct rndis_set_done *done = body;

	if (len < sizeof(*done))
		return -EPROTO;
	return rndis_status_to_errno(le32_to_cpu(done->status));
}

/**
 * rndis_parse_query() - answer to RNDIS_MSG_QUERY
 * @body: of the answer; ours
 * @len: its bytes
 * @info: what was asked for, on success; in @body
 *
 * Return: 0, an error if the host refuses, or -EPROTO.
 */
int rndis_parse_query(const void *body, u32 len, struct rndis_view *info)
{
	const struct rndis_query_done *done = body;
	u32 offset, info_len;
	int err;

	if (len < sizeof(*done))
		return -EPROTO;
	err = rndis_status_to_errno(le32_to_cpu(done->status));
	if (err)
		return err;

	offset = le32_to_cpu(done->offset);
	info_len = le32_to_cpu(done->len);
	if (offset < sizeof(*done) || offset > len || info_len > len - offset)
		return -EPROTO;

	info->data = body + offset;
	info->len = info_len;
	return 0;
}

/**
 * rndis_parse_reply_id() - to which request a message is the answer
 * @body: of the message; shared with the host
 * @len: its bytes
 * @id: of the request, on success
 *
 * Return: false if the message is too short to be an answer.
 */
bool rndis_parse_reply_id(const void *body, u32 len, u32 *id)
{
	__le32 copy;

	if (len < sizeof(copy))
		return false;
	memcpy(&copy, body, sizeof(copy));
	*id = le32_to_cpu(copy);
	return true;
}

/**
 * rndis_parse_indication() - something that the host says unasked
 * @body: of the message; shared with the host
 * @len: its bytes
 * @status: RNDIS_STATUS_*, on success
 *
 * What comes with the status is not read: some hosts leave it out of the
 * message's length, and all of it can be asked for.
 *
 * Return: false if the message makes no sense.
 */
bool rndis_parse_indication(const void *body, u32 len, u32 *status)
{
	struct rndis_indication copy;

	if (len < sizeof(copy))
		return false;
	memcpy(&copy, body, sizeof(copy));
	*status = le32_to_cpu(copy.status);
	return true;
}

/**
 * rndis_parse_link_speed() - speed in NDIS_OID_LINK_STATE
 * @data: the object; ours
 * @len: its bytes
 * @mbit: Mbit/s, on success
 *
 * Return: 0, -ENODATA if the host does not know, or -EPROTO.
 */
int rndis_parse_link_speed(const void *data, u32 len, u32 *mbit)
{
	const struct ndis_link_state *state = data;
	u64 speed;

	if (len < sizeof(*state) || state->object.type != NDIS_OBJECT_DEFAULT ||
	    le16_to_cpu(state->object.size) < sizeof(*state))
		return -EPROTO;

	speed = le64_to_cpu(state->tx_speed);
	if (speed == U64_MAX)
		return -ENODATA;
	speed = div_u64(speed, 1000000);
	if (!speed || speed > INT_MAX)
		return -ENODATA;
	*mbit = speed;
	return 0;
}

/* What hosts call an adapter that nobody has named. */
#define RNDIS_NO_NAME	"Network Adapter"

/**
 * rndis_parse_name() - name in RNDIS_OID_GEN_FRIENDLY_NAME
 * @data: UTF-16, up to the first zero if there is one; ours
 * @len: its bytes
 * @name: the same in UTF-8, and terminated; what is not Unicode is left out, and
 *	what does not fit, from the end; what controls terminals is blank
 * @size: room in @name
 *
 * Return: bytes of @name without its end, 0 if the adapter has none.
 */
u32 rndis_parse_name(const void *data, u32 len, char *name, u32 size)
{
	u32 i, used;

	used = utf16s_to_utf8s(data, len / sizeof(wchar_t), UTF16_LITTLE_ENDIAN,
			       (u8 *)name, size - 1);
	name[used] = '\0';
	/* It is shown on terminals, and as a line of its own. */
	for (i = 0; i < used; i++)
		if (iscntrl(name[i]))
			name[i] = ' ';
	return strcmp(name, RNDIS_NO_NAME) ? used : 0;
}
