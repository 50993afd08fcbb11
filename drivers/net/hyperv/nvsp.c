// SPDX-License-Identifier: GPL-2.0
/*
 * The NVSP session: agreeing on a version, sharing the two buffers, requests
 * and their answers, the data-path switch.
 */
#include <linux/bitfield.h>
#include <linux/delay.h>
#include <linux/if_vlan.h>
#include <linux/rtnetlink.h>
#include <asm/mshyperv.h>

#include "netvsc.h"
#include "trace.h"

/* What hosts take of a buffer at most. */
#define NVSP_RX_BYTES_MAX	(31 * 1024 * 1024)
#define NVSP_RX_BYTES_MAX_V2	(15 * 1024 * 1024)
#define NVSP_TX_BYTES_MAX	(15 * 1024 * 1024)
/* What hosts make the sections of the send buffer. */
#define NVSP_TX_SECTION		6144

/* Newest first: the first one that the host takes is used. */
static const u32 nvsp_versions[] = {
	NVSP_VERSION_6_1,
	NVSP_VERSION_6,
	NVSP_VERSION_5,
	NVSP_VERSION_4,
	NVSP_VERSION_2,
	NVSP_VERSION_1,
};

static struct vmbus_channel *nvsp_vmbus(struct netvsc *nv)
{
	return nv->hdev->channel;
}

/*
 * The ring is shared with the data path and may be full for a moment.  Nothing
 * tells a sleeping sender that the host has made room, so look again: so many
 * times, because a guest that its host has stopped for a while finds the clock
 * ahead.
 */
#define NVSP_TRIES		(10 * 2000)
#define NVSP_SWITCH_TRIES	(1 * 2000)

static bool nvsp_try_again(int err, unsigned int *tries)
{
	if (err != -EAGAIN || !*tries)
		return false;
	(*tries)--;
	usleep_range(500, 550);
	return true;
}

static int nvsp_post(struct netvsc *nv, struct nvsp_message *msg,
		     u64 transaction, u32 flags, unsigned int tries)
{
	int err;

	do {
		err = vmbus_sendpacket(nvsp_vmbus(nv), msg, sizeof(*msg),
				       transaction, VM_PKT_DATA_INBAND, flags);
	} while (nvsp_try_again(err, &tries));
	if (!err)
		trace_nvsp_sent(nv->ndev, le32_to_cpu(msg->type), sizeof(*msg),
				transaction);
	return err;
}

/* For messages that the host does not answer. */
static int nvsp_tell(struct netvsc *nv, struct nvsp_message *msg)
{
	return nvsp_post(nv, msg, 0, 0, NVSP_TRIES);
}

static void nvsp_await(struct nvsp *nvsp, u64 transaction)
{
	spin_lock_bh(&nvsp->reply_lock);
	nvsp->awaited = transaction;
	reinit_completion(&nvsp->replied);
	spin_unlock_bh(&nvsp->reply_lock);
}

/* From here on an answer that comes after all is stale. */
static void nvsp_forget(struct nvsp *nvsp)
{
	spin_lock_bh(&nvsp->reply_lock);
	nvsp->awaited = 0;
	spin_unlock_bh(&nvsp->reply_lock);
}

/*
 * Sends @msg and waits for the completion of its packet, which takes the place
 * of @msg.  Return: bytes of the answer, or an error.
 */
static int nvsp_call(struct netvsc *nv, struct nvsp_message *msg)
{
	struct nvsp *nvsp = &nv->nvsp;
	u64 transaction;
	long left;
	int err;

	lockdep_assert_held(&nvsp->lock);

	if (!nvsp->up)
		return -ENODEV;

	transaction = FIELD_PREP(NETVSC_TID_KIND, NETVSC_TID_NVSP) |
		      ++nvsp->sequence;
	nvsp_await(nvsp, transaction);

	err = nvsp_post(nv, msg, transaction,
			VMBUS_DATA_PACKET_FLAG_COMPLETION_REQUESTED,
			NVSP_TRIES);
	if (err) {
		nvsp_forget(nvsp);
		return err;
	}

	left = netvsc_wait_host(nv, &nvsp->replied, NETVSC_HOST_TIMEOUT);
	nvsp_forget(nvsp);
	if (left < 0)
		return left;
	/* Forgetting and answering exclude each other: look once more. */
	if (!left && !try_wait_for_completion(&nvsp->replied)) {
		netvsc_count(nv, NETVSC_EV_TIMEOUT);
		return -ETIMEDOUT;
	}

	*msg = nvsp->reply;
	return nvsp->reply_len;
}

/*
 * A request whose answer is of @type and at least @size bytes long.  What it
 * means that there is none, the caller knows, and says.
 */
static int nvsp_request(struct netvsc *nv, struct nvsp_message *msg,
			u32 type, u32 size)
{
	int len;

	mutex_lock(&nv->nvsp.lock);
	len = nvsp_call(nv, msg);
	mutex_unlock(&nv->nvsp.lock);
	if (len < 0)
		return len;

	if (len < size || le32_to_cpu(msg->type) != type) {
		netvsc_count(nv, NETVSC_EV_BAD_NVSP);
		return -EPROTO;
	}
	return 0;
}

/* NAPI: the host has completed the packet of a request. */
void nvsp_handle_completion(struct netvsc *nv, u64 transaction,
			    const void *msg, u32 len)
{
	struct nvsp *nvsp = &nv->nvsp;

	spin_lock(&nvsp->reply_lock);
	if (!nvsp->awaited || nvsp->awaited != transaction) {
		spin_unlock(&nvsp->reply_lock);
		netvsc_count(nv, NETVSC_EV_STALE_REPLY);
		return;
	}

	memset(&nvsp->reply, 0, sizeof(nvsp->reply));
	nvsp->reply_len = min_t(u32, len, sizeof(nvsp->reply));
	memcpy(&nvsp->reply, msg, nvsp->reply_len);
	nvsp->awaited = 0;
	trace_nvsp_received(nv->ndev, le32_to_cpu(nvsp->reply.type),
			    nvsp->reply_len, transaction);
	complete(&nvsp->replied);
	spin_unlock(&nvsp->reply_lock);
}

static bool nvsp_handle_association(struct netvsc *nv,
				    const struct nvsp_message *msg, u32 len)
{
	bool present;
	u32 serial;

	if (!nvsp_parse_association(msg, len, &present, &serial))
		return false;
	/* A device of the host's choosing must not see a sealed guest's data */
	if (!hv_is_isolation_supported())
		netvsc_vf_association(nv, present, serial);
	return true;
}

/* NAPI: a message that the host sent on its own. */
void nvsp_handle_inband(struct netvsc *nv, const void *msg, u32 len)
{
	struct nvsp_message copy = {};

	memcpy(&copy, msg, min_t(u32, len, sizeof(copy)));
	trace_nvsp_received(nv->ndev, le32_to_cpu(copy.type), len, 0);

	switch (le32_to_cpu(copy.type)) {
	case NVSP_VF_ASSOCIATION:
		if (!nvsp_handle_association(nv, &copy, len))
			break;
		return;
	case NVSP_SEND_TABLE:
		if (!netvsc_queue_table(nv, msg, len))
			break;
		return;
	}

	netvsc_count(nv, NETVSC_EV_BAD_NVSP);
	if (net_ratelimit())
		netdev_warn(nv->ndev, "NVSP message %u of %u bytes ignored\n",
			    le32_to_cpu(copy.type), len);
}

static int nvsp_try_version(struct netvsc *nv, u32 version)
{
	struct nvsp_message msg = {
		.type = cpu_to_le32(NVSP_INIT),
		.init.lowest = cpu_to_le32(version),
		.init.highest = cpu_to_le32(version),
	};
	int err;

	err = nvsp_request(nv, &msg, NVSP_INIT_DONE, nvsp_size(init_done));
	if (err)
		return err;

	if (le32_to_cpu(msg.init_done.status) != NVSP_STATUS_SUCCESS)
		return -EPROTONOSUPPORT;
	return 0;
}

static int nvsp_negotiate(struct netvsc *nv)
{
	int i, err;

	for (i = 0; i < ARRAY_SIZE(nvsp_versions); i++) {
		err = nvsp_try_version(nv, nvsp_versions[i]);
		if (err == -EPROTONOSUPPORT)
			continue;
		if (!err)
			nv->nvsp.version = nvsp_versions[i];
		return err;
	}
	return -EPROTONOSUPPORT;
}

static int nvsp_configure(struct netvsc *nv)
{
	struct nvsp_message msg = {
		.type = cpu_to_le32(NVSP_NDIS_CONFIG),
	};
	u64 caps = NVSP_CAP_8021Q;

	if (nv->nvsp.version < NVSP_VERSION_2)
		return 0;

	if (nv->nvsp.version >= NVSP_VERSION_5) {
		caps |= NVSP_CAP_TEAMING;
		if (!hv_is_isolation_supported())
			caps |= NVSP_CAP_SRIOV;
	}
	/* Whether the host does it is then a matter of its offloads. */
	if (nv->nvsp.version >= NVSP_VERSION_6_1)
		caps |= NVSP_CAP_RSC;

	msg.ndis_config.mtu = cpu_to_le32(nv->config.mtu + ETH_HLEN);
	msg.ndis_config.capabilities = cpu_to_le64(caps);
	return nvsp_tell(nv, &msg);
}

static int nvsp_send_ndis_version(struct netvsc *nv)
{
	struct nvsp_message msg = {
		.type = cpu_to_le32(NVSP_NDIS_VERSION),
		.ndis_version.major = cpu_to_le32(6),
		.ndis_version.minor = cpu_to_le32(30),
	};

	if (nv->nvsp.version <= NVSP_VERSION_4)
		msg.ndis_version.minor = cpu_to_le32(1);
	return nvsp_tell(nv, &msg);
}

/*
 * How large sections are is the host's business, and it says so when it has
 * the buffer.  These are what to reckon with before.
 */

static u32 nvsp_expected_rx_section(const struct netvsc *nv)
{
	/* RNDIS header, packet info and padding come to what is added here. */
	return ALIGN(nv->config.mtu + ETH_HLEN + VLAN_HLEN + 210, 64);
}

static u32 nvsp_rx_bytes_max(const struct netvsc *nv)
{
	return nv->nvsp.version <= NVSP_VERSION_2 ? NVSP_RX_BYTES_MAX_V2 :
						    NVSP_RX_BYTES_MAX;
}

/**
 * nvsp_max_rx_sections() - how many receive sections a session can have
 * @nv: the NIC, with a session
 *
 * Return: that number, for the MTU in @nv's configuration.
 */
u32 nvsp_max_rx_sections(const struct netvsc *nv)
{
	return nvsp_rx_bytes_max(nv) / (nv->nvsp.rx_section ?:
					nvsp_expected_rx_section(nv));
}

/**
 * nvsp_max_tx_sections() - how many send sections a session can have
 * @nv: the NIC, with a session
 *
 * Return: that number.
 */
u32 nvsp_max_tx_sections(const struct netvsc *nv)
{
	return min_t(u32, U16_MAX, NVSP_TX_BYTES_MAX / (nv->nvsp.tx_section ?:
							NVSP_TX_SECTION));
}

static u32 nvsp_channels(const struct netvsc *nv)
{
	return nv->config.channels ?: netvsc_default_channels(nv);
}

/*
 * Enough for what a host delivers while the guest's CPU is away for a millisecond,
 * and more where more CPUs receive: guests of such a size have NICs of 40 Gbit/s,
 * which was too much for 4 MiB.
 */
static u32 nvsp_rx_sections_default(const struct netvsc *nv)
{
	return max(1728, 1024 * nvsp_channels(nv));
}

static u32 nvsp_rx_bytes(const struct netvsc *nv)
{
	u32 sections = nv->config.rx_sections ?: nvsp_rx_sections_default(nv);
	u64 bytes = (u64)sections * nvsp_expected_rx_section(nv);

	return PAGE_ALIGN(min_t(u64, bytes, nvsp_rx_bytes_max(nv)));
}

static u32 nvsp_tx_bytes(const struct netvsc *nv)
{
	u32 sections = nv->config.tx_sections ?: 64 + 16 * nvsp_channels(nv);
	u64 bytes = (u64)sections * NVSP_TX_SECTION;

	return PAGE_ALIGN(min_t(u64, bytes, NVSP_TX_BYTES_MAX));
}

int nvsp_request_subchannels(struct netvsc *nv, u32 *count)
{
	struct nvsp_message msg = {
		.type = cpu_to_le32(NVSP_SUBCHANNELS),
		.subchannels.operation = cpu_to_le32(NVSP_SUBCHANNELS_ALLOCATE),
		.subchannels.count = cpu_to_le32(*count),
	};
	int err;

	err = nvsp_request(nv, &msg, NVSP_SUBCHANNELS,
			   nvsp_size(subchannels_done));
	if (err)
		return err;

	err = nvsp_parse_subchannels(&msg, *count, count);
	if (err == -EPROTO)
		netvsc_count(nv, NETVSC_EV_BAD_NVSP);
	return err;
}

static int nvsp_buffer_alloc(struct netvsc *nv, struct netvsc_buffer *buf,
			     u32 size)
{
	buf->base = vmbus_alloc_buffer(nvsp_vmbus(nv), size, &buf->chunks,
				       &buf->nr_chunks);
	if (!buf->base)
		return -ENOMEM;
	/* The host may have us look into it at any time: not before it is there. */
	smp_store_release(&buf->size, size);

	/* A host that refuses is -EDQUOT. */
	return vmbus_establish_gpadl_caller_decrypted(nvsp_vmbus(nv), buf->base,
						      size, &buf->gpadl);
}

static int nvsp_announce(struct netvsc *nv, struct netvsc_buffer *buf,
			 u32 type, u16 id, struct nvsp_message *msg,
			 u32 answer, u32 size)
{
	memset(msg, 0, sizeof(*msg));
	msg->type = cpu_to_le32(type);
	msg->buffer.gpadl = cpu_to_le32(buf->gpadl.gpadl_handle);
	msg->buffer.id = cpu_to_le16(id);

	/* Without an answer the host may know it or not; revoking is safe. */
	buf->announced = true;
	return nvsp_request(nv, msg, answer, size);
}

/* What the host did not take, as its answer's @err says, may not be revoked. */
static int nvsp_announced(struct netvsc *nv, struct netvsc_buffer *buf, int err)
{
	if (err == -EIO)
		buf->announced = false;
	else if (err == -EPROTO)
		netvsc_count(nv, NETVSC_EV_BAD_NVSP);
	return err;
}

static int nvsp_share_rx(struct netvsc *nv)
{
	struct nvsp_sections sections;
	struct nvsp *nvsp = &nv->nvsp;
	u32 size = nvsp_rx_bytes(nv);
	struct nvsp_message msg;
	int err;

	err = nvsp_buffer_alloc(nv, &nvsp->rx, size);
	if (err)
		return err;

	err = nvsp_announce(nv, &nvsp->rx, NVSP_RX_BUFFER, NVSP_RX_BUFFER_ID,
			    &msg, NVSP_RX_BUFFER_DONE,
			    nvsp_size(rx_buffer_done));
	if (err)
		return err;
	err = nvsp_parse_rx_buffer(&msg, size, &sections);
	if (err)
		return nvsp_announced(nv, &nvsp->rx, err);

	nvsp->rx_section = sections.size;
	nvsp->rx_sections = sections.count;
	return 0;
}

static int nvsp_share_tx(struct netvsc *nv)
{
	struct nvsp_sections sections;
	struct nvsp *nvsp = &nv->nvsp;
	struct nvsp_message msg;
	int err;

	err = nvsp_buffer_alloc(nv, &nvsp->tx, nvsp_tx_bytes(nv));
	if (err)
		return err;

	err = nvsp_announce(nv, &nvsp->tx, NVSP_TX_BUFFER, NVSP_TX_BUFFER_ID,
			    &msg, NVSP_TX_BUFFER_DONE,
			    nvsp_size(tx_buffer_done));
	if (err)
		return err;
	err = nvsp_parse_tx_buffer(&msg, nvsp->tx.size, &sections);
	if (err)
		return nvsp_announced(nv, &nvsp->tx, err);

	nvsp->tx_section = sections.size;
	nvsp->tx_sections = sections.count;
	return 0;
}

static void nvsp_revoke(struct netvsc *nv, struct netvsc_buffer *buf,
			u32 type, u16 id)
{
	struct nvsp_message msg = {
		.type = cpu_to_le32(type),
		.revoke.id = cpu_to_le16(id),
	};
	int err;

	if (!buf->announced)
		return;

	err = nvsp_tell(nv, &msg);
	if (err && !nvsp_vmbus(nv)->rescind)
		netdev_warn(nv->ndev, "shared buffer not revoked: %d\n", err);
	buf->announced = false;
}

/* Return: false if the host may still write to the buffer. */
static bool nvsp_buffer_withdraw(struct netvsc *nv, struct netvsc_buffer *buf)
{
	struct vmbus_channel *vmbus = nvsp_vmbus(nv);

	if (!buf->gpadl.gpadl_handle)
		return true;
	if (vmbus_teardown_gpadl(vmbus, &buf->gpadl))
		return false;
	/* It returns 0, too, when the message could not be sent. */
	if (buf->gpadl.gpadl_handle && !vmbus->rescind)
		return false;
	buf->gpadl.gpadl_handle = 0;
	return true;
}

static void nvsp_buffer_free(struct netvsc *nv, struct netvsc_buffer *buf)
{
	/* Memory that the host may still write to is lost for good. */
	if (nvsp_buffer_withdraw(nv, buf))
		vmbus_free_buffer(buf->base, buf->chunks, buf->nr_chunks);
	else
		netdev_err(nv->ndev, "GPADL not torn down: leaking %u bytes\n",
			   buf->size);
	memset(buf, 0, sizeof(*buf));
}

int nvsp_connect(struct netvsc *nv)
{
	int err;

	mutex_lock(&nv->nvsp.lock);
	nv->nvsp.up = true;
	mutex_unlock(&nv->nvsp.lock);

	err = nvsp_negotiate(nv);
	if (err) {
		netdev_err(nv->ndev, "no version of NVSP agreed on: %d\n",
			   err);
		return err;
	}
	if (hv_is_isolation_supported() &&
	    nv->nvsp.version < NVSP_VERSION_6_1) {
		netdev_err(nv->ndev, "NVSP %#x is not safe in this guest\n",
			   nv->nvsp.version);
		return -EPROTO;
	}

	err = nvsp_configure(nv);
	if (!err)
		err = nvsp_send_ndis_version(nv);
	if (err) {
		netdev_err(nv->ndev, "NVSP not configured: %d\n", err);
		return err;
	}

	err = nvsp_share_rx(nv);
	if (err) {
		netdev_err(nv->ndev, "receive buffer of %u bytes not shared: %d\n",
			   nvsp_rx_bytes(nv), err);
		return err;
	}
	err = nvsp_share_tx(nv);
	if (err)
		netdev_err(nv->ndev, "send buffer of %u bytes not shared: %d\n",
			   nvsp_tx_bytes(nv), err);
	return err;
}

void nvsp_disconnect(struct netvsc *nv)
{
	struct nvsp *nvsp = &nv->nvsp;

	nvsp_revoke(nv, &nvsp->rx, NVSP_RX_BUFFER_REVOKE, NVSP_RX_BUFFER_ID);
	nvsp_revoke(nv, &nvsp->tx, NVSP_TX_BUFFER_REVOKE, NVSP_TX_BUFFER_ID);

	mutex_lock(&nvsp->lock);
	nvsp->up = false;
	mutex_unlock(&nvsp->lock);

	/*
	 * Hosts before Windows 10 want the GPADLs torn down while the channel
	 * is open; newer ones want the channel closed first.
	 */
	if (vmbus_proto_version < VERSION_WIN10) {
		nvsp_buffer_withdraw(nv, &nvsp->rx);
		nvsp_buffer_withdraw(nv, &nvsp->tx);
	}
}

void nvsp_free(struct netvsc *nv)
{
	nvsp_buffer_free(nv, &nv->nvsp.rx);
	nvsp_buffer_free(nv, &nv->nvsp.tx);
	nv->nvsp.rx_section = 0;
	nv->nvsp.rx_sections = 0;
	nv->nvsp.tx_section = 0;
	nv->nvsp.tx_sections = 0;
}

/* NAPI: the host has done what nvsp_switch_data_path() asked for, or not. */
void nvsp_handle_switched(struct netvsc *nv, u64 transaction, const void *msg,
			  u32 len)
{
	trace_nvsp_received(nv->ndev, NVSP_RNDIS_DONE, len, transaction);
	netvsc_vf_switched(nv, transaction, nvsp_parse_switched(msg, len));
}

int nvsp_switch_data_path(struct netvsc *nv, bool to_vf, u32 sequence)
{
	u32 path = to_vf ? NVSP_PATH_VF : NVSP_PATH_SYNTHETIC;
	struct nvsp_message msg = {
		.type = cpu_to_le32(NVSP_SWITCH_DATA_PATH),
		.switch_data_path.active = cpu_to_le32(path),
	};
	int err;

	ASSERT_RTNL();

	if (!nv->nvsp.up)
		return -ENODEV;
	if (nv->nvsp.version < NVSP_VERSION_4)
		return -EOPNOTSUPP;

	err = nvsp_post(nv, &msg,
			FIELD_PREP(NETVSC_TID_KIND, NETVSC_TID_SWITCH) |
			sequence,
			VMBUS_DATA_PACKET_FLAG_COMPLETION_REQUESTED,
			NVSP_SWITCH_TRIES);
	trace_netvsc_vf_switch(nv->ndev, to_vf, err);
	return err;
}

/**
 * nvsp_send_rndis() - hand an RNDIS message to the host
 * @ch: the channel
 * @channel: of RNDIS
 * @transaction: to be completed by the host
 * @section: of the send buffer that holds the message, or NVSP_NO_SECTION
 * @len: bytes of the section
 * @ranges: of guest memory that hold the message, or NULL
 *
 * Context: any.
 *
 * Return: 0, -EAGAIN if the ring has no room, -ENODEV if nobody reads it.
 */
int nvsp_send_rndis(struct netvsc_channel *ch, enum nvsp_rndis_channel channel,
		    u64 transaction, u32 section, u32 len,
		    const struct nvsp_ranges *ranges)
{
	u32 header = ranges ? nvsp_ranges_len(ranges) : 0;
	struct nvsp_message *msg;
	struct vmbus_burst burst;
	void *to;

	if (!vmbus_burst_begin(&burst, ch->vmbus))
		return -ENODEV;

	to = vmbus_burst_add(&burst, header ? VM_PKT_DATA_USING_GPA_DIRECT :
					      VM_PKT_DATA_INBAND,
			     VMBUS_DATA_PACKET_FLAG_COMPLETION_REQUESTED,
			     transaction, header, sizeof(*msg));
	if (likely(to)) {
		if (header)
			memcpy(to, ranges->words, header);
		msg = to + header;
		memset(msg, 0, sizeof(*msg));
		msg->type = cpu_to_le32(NVSP_RNDIS);
		msg->rndis.channel = cpu_to_le32(channel);
		msg->rndis.section = cpu_to_le32(section);
		msg->rndis.section_len = cpu_to_le32(len);
	}
	vmbus_burst_end(&burst);
	return likely(to) ? 0 : -EAGAIN;
}

/* For messages of RNDIS control, which may sleep until there is room. */
int nvsp_send_rndis_control(struct netvsc *nv, u64 transaction,
			    struct nvsp_ranges *ranges)
{
	unsigned int tries = NVSP_TRIES;
	int err;

	do {
		err = nvsp_send_rndis(nv->channels[0], NVSP_RNDIS_CONTROL,
				      transaction, NVSP_NO_SECTION, 0, ranges);
	} while (nvsp_try_again(err, &tries));
	return err;
}

void nvsp_init(struct netvsc *nv)
{
	mutex_init(&nv->nvsp.lock);
	spin_lock_init(&nv->nvsp.reply_lock);
	init_completion(&nv->nvsp.replied);
}
