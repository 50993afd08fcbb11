// SPDX-License-Identifier: GPL-2.0
/*
 * RNDIS control: requests to the host's virtual NIC and their answers, the
 * objects that they read and set, and what the host indicates on its own.
 */
#include <linux/bitfield.h>
#include <linux/dma-mapping.h>
#include <linux/etherdevice.h>
#include <linux/slab.h>

#include "netvsc.h"
#include "rndis.h"

/* Room that an answer's information may take; what we ask for is far less. */
#define RNDIS_MAX_TRANSFER	0x4000

static struct device *rndis_dev(struct netvsc *nv)
{
	return &nv->hdev->device;
}

/* Body of a message: what follows the header. */
static void *rndis_body(void *msg)
{
	return msg + sizeof(struct rndis_hdr);
}

/*
 * Opens a request of @len bytes of body, whose first field is the id.  Return:
 * the body, to be filled in; rndis_end() closes the request.
 */
static void *rndis_begin(struct netvsc *nv, u32 type, u32 len)
{
	struct rndis *rndis = &nv->rndis;
	struct rndis_hdr *hdr = rndis->page;
	long left = 1;

	mutex_lock(&rndis->lock);
	/* After a timeout the host may still have the last request to read. */
	if (!rndis->up)
		left = -ENODEV;
	else if (READ_ONCE(rndis->page_owner))
		left = netvsc_wait_host(nv, &rndis->released,
					NETVSC_HOST_TIMEOUT);
	if (left <= 0) {
		mutex_unlock(&rndis->lock);
		return ERR_PTR(left ?: -EBUSY);
	}

	memset(hdr, 0, RNDIS_CONTROL_MAX);
	hdr->type = cpu_to_le32(type);
	hdr->len = cpu_to_le32(sizeof(*hdr) + len);
	*(__le32 *)rndis_body(hdr) = cpu_to_le32(++rndis->sequence);
	return rndis_body(hdr);
}

static void rndis_end(struct netvsc *nv)
{
	mutex_unlock(&nv->rndis.lock);
}

static void rndis_await(struct rndis *rndis, u32 type, u64 transaction)
{
	spin_lock_bh(&rndis->reply_lock);
	rndis->awaited = type ? rndis->sequence : 0;
	rndis->awaited_type = type;
	rndis->page_owner = transaction;
	reinit_completion(&rndis->replied);
	reinit_completion(&rndis->released);
	spin_unlock_bh(&rndis->reply_lock);
}

/* From here on an answer that comes after all is stale. */
static void rndis_forget(struct rndis *rndis)
{
	spin_lock_bh(&rndis->reply_lock);
	rndis->awaited = 0;
	spin_unlock_bh(&rndis->reply_lock);
}

/* Hands the open request to the host; an answer of @type is expected, or 0. */
static int rndis_send(struct netvsc *nv, u32 type)
{
	struct rndis *rndis = &nv->rndis;
	struct rndis_hdr *hdr = rndis->page;
	struct nvsp_ranges ranges;
	u64 transaction;
	int err;

	lockdep_assert_held(&rndis->lock);

	transaction = FIELD_PREP(NETVSC_TID_KIND, NETVSC_TID_RNDIS) |
		      rndis->sequence;
	nvsp_ranges_init(&ranges);
	nvsp_ranges_add(&ranges, rndis->page_dma, le32_to_cpu(hdr->len));

	rndis_await(rndis, type, transaction);
	err = nvsp_send_rndis_control(nv, transaction, &ranges);
	if (!err)
		return 0;

	spin_lock_bh(&rndis->reply_lock);
	rndis->awaited = 0;
	rndis->page_owner = 0;
	spin_unlock_bh(&rndis->reply_lock);
	return err;
}

/* An answer to what we asked, so that the host cannot flood the log. */
static int rndis_senseless(struct netvsc *nv)
{
	netvsc_count(nv, NETVSC_EV_BAD_RNDIS);
	netdev_err(nv->ndev, "RNDIS answer of %u bytes makes no sense\n",
		   nv->rndis.reply_len);
	return -EPROTO;
}

/*
 * Sends the open request and waits for its answer of @type.  Return: bytes of
 * the answer's body, which rndis_reply() gives, or an error.
 */
static int rndis_exchange(struct netvsc *nv, u32 type, u32 size)
{
	struct rndis *rndis = &nv->rndis;
	long left;
	int err;

	err = rndis_send(nv, type);
	if (err)
		return err;

	left = netvsc_wait_host(nv, &rndis->replied, NETVSC_HOST_TIMEOUT);
	rndis_forget(rndis);
	if (left < 0)
		return left;
	/* Forgetting and answering exclude each other: look once more. */
	if (!left && !try_wait_for_completion(&rndis->replied)) {
		netvsc_count(nv, NETVSC_EV_TIMEOUT);
		netdev_err(nv->ndev, "no answer to an RNDIS request\n");
		return -ETIMEDOUT;
	}

	if (rndis->reply_len < size)
		return rndis_senseless(nv);
	return rndis->reply_len;
}

static int rndis_status_to_errno(u32 status)
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

static void *rndis_begin_oid(struct netvsc *nv, u32 type, u32 oid,
			     const void *info, u32 len)
{
	struct rndis_oid_request *req;

	req = rndis_begin(nv, type, sizeof(*req) + len);
	if (IS_ERR(req))
		return req;

	req->oid = cpu_to_le32(oid);
	req->len = cpu_to_le32(len);
	req->offset = cpu_to_le32(sizeof(*req));
	memcpy(req + 1, info, len);
	return req;
}

static int rndis_set(struct netvsc *nv, u32 oid, const void *info, u32 len)
{
	struct rndis_set_done *done = nv->rndis.reply;
	void *req;
	int err;

	req = rndis_begin_oid(nv, RNDIS_MSG_SET, oid, info, len);
	if (IS_ERR(req))
		return PTR_ERR(req);

	err = rndis_exchange(nv, RNDIS_MSG_SET_C, sizeof(*done));
	if (err >= 0)
		err = rndis_status_to_errno(le32_to_cpu(done->status));
	rndis_end(nv);
	return err;
}

/* Return: bytes copied to @out, or an error. */
static int rndis_query_reply(struct netvsc *nv, int reply_len, void *out,
			     u32 size)
{
	struct rndis_query_done *done = nv->rndis.reply;
	u32 offset = le32_to_cpu(done->offset);
	u32 len = le32_to_cpu(done->len);
	int err;

	err = rndis_status_to_errno(le32_to_cpu(done->status));
	if (err)
		return err;

	if (offset < sizeof(*done) || offset > reply_len ||
	    len > reply_len - offset || len > size)
		return rndis_senseless(nv);
	memcpy(out, nv->rndis.reply + offset, len);
	return len;
}

/* @out may hold what goes with the question, @in_len bytes of it. */
static int rndis_query(struct netvsc *nv, u32 oid, void *out, u32 in_len,
		       u32 size)
{
	void *req;
	int ret;

	req = rndis_begin_oid(nv, RNDIS_MSG_QUERY, oid, out, in_len);
	if (IS_ERR(req))
		return PTR_ERR(req);

	ret = rndis_exchange(nv, RNDIS_MSG_QUERY_C,
			     sizeof(struct rndis_query_done));
	if (ret >= 0)
		ret = rndis_query_reply(nv, ret, out, size);
	rndis_end(nv);
	return ret;
}

int rndis_query_u32(struct netvsc *nv, u32 oid, u32 *value)
{
	__le32 answer;
	int len;

	len = rndis_query(nv, oid, &answer, 0, sizeof(answer));
	if (len < 0)
		return len;
	if (len != sizeof(answer))
		return rndis_senseless(nv);

	*value = le32_to_cpu(answer);
	return 0;
}

static int rndis_query_address(struct netvsc *nv, u32 oid, u8 *mac)
{
	int len;

	len = rndis_query(nv, oid, mac, 0, ETH_ALEN);
	if (len < 0)
		return len;
	return len == ETH_ALEN && is_valid_ether_addr(mac) ? 0 : -EPROTO;
}

int rndis_query_mac(struct netvsc *nv, u8 *mac)
{
	return rndis_query_address(nv, RNDIS_OID_802_3_PERMANENT_ADDRESS, mac);
}

static void rndis_put_utf16(__le16 *to, const char *ascii, u32 n)
{
	while (n--)
		*to++ = cpu_to_le16(*ascii++);
}

int rndis_set_mac(struct netvsc *nv, const u8 *mac)
{
	static const char name[] = "NetworkAddress";
	char value[2 * ETH_ALEN + 1];
	struct {
		struct rndis_config_param param;
		__le16 name[sizeof(name) - 1];
		__le16 value[sizeof(value) - 1];
	} info = {
		.param.name_offset = cpu_to_le32(sizeof(info.param)),
		.param.name_len = cpu_to_le32(sizeof(info.name)),
		.param.type = cpu_to_le32(RNDIS_CONFIG_STRING),
		.param.value_offset = cpu_to_le32(sizeof(info.param) +
						  sizeof(info.name)),
		.param.value_len = cpu_to_le32(sizeof(info.value)),
	};

	snprintf(value, sizeof(value), "%pm", mac);
	rndis_put_utf16(info.name, name, ARRAY_SIZE(info.name));
	rndis_put_utf16(info.value, value, ARRAY_SIZE(info.value));

	return rndis_set(nv, RNDIS_OID_GEN_RNDIS_CONFIG_PARAMETER, &info,
			 sizeof(info));
}

/* Makes @mac the host's idea of our address, unless it is already. */
int rndis_sync_mac(struct netvsc *nv, const u8 *mac)
{
	u8 current_mac[ETH_ALEN];
	int err;

	err = rndis_query_address(nv, RNDIS_OID_802_3_CURRENT_ADDRESS,
				  current_mac);
	if (err || ether_addr_equal_unaligned(mac, current_mac))
		return err;
	return rndis_set_mac(nv, mac);
}

int rndis_set_filter(struct netvsc *nv, u32 filter)
{
	__le32 value = cpu_to_le32(filter);
	struct rndis *rndis = &nv->rndis;
	int err;

	if (READ_ONCE(rndis->filter) == filter)
		return 0;

	err = rndis_set(nv, RNDIS_OID_GEN_CURRENT_PACKET_FILTER, &value,
			sizeof(value));
	if (!err)
		WRITE_ONCE(rndis->filter, filter);
	return err;
}

static void rndis_offload_query_header(const struct netvsc *nv,
				       struct ndis_object *object)
{
	u16 size;

	object->type = NDIS_OBJECT_OFFLOAD;
	if (nv->nvsp.version >= NVSP_VERSION_5) {
		object->revision = 3;
		size = NDIS_OFFLOAD_CAPS_SIZE_3;
	} else if (nv->nvsp.version >= NVSP_VERSION_4) {
		object->revision = 2;
		size = NDIS_OFFLOAD_CAPS_SIZE_2;
	} else {
		object->revision = 1;
		size = NDIS_OFFLOAD_CAPS_SIZE_1;
	}
	object->size = cpu_to_le16(size);
}

static bool rndis_can(__le32 flags, u32 all_of)
{
	/* Of the two bits of an ability one is enough. */
	u32 have = le32_to_cpu(flags);

	have |= (have & 0xaaaaaaaa) >> 1;
	all_of &= 0x55555555;
	return (have & all_of) == all_of;
}

static void rndis_add_tso(struct netvsc_caps *caps, netdev_features_t feature,
			  __le32 max, __le32 min_segs)
{
	u32 size = min_t(u32, le32_to_cpu(max), GSO_LEGACY_MAX_SIZE);

	/* Less than a few segments is not worth the trouble. */
	if (size < 4 * ETH_DATA_LEN)
		return;

	caps->features |= feature;
	caps->tso_max = caps->tso_max ? min(caps->tso_max, size) : size;
	caps->tso_min_segs = max(caps->tso_min_segs, le32_to_cpu(min_segs));
}

static void rndis_add_ipv4(const struct netvsc *nv, struct netvsc_caps *caps,
			   const struct ndis_offload_caps *host)
{
	if (!rndis_can(host->tx4.flags,
		       NDIS_CSUM4_TCP | NDIS_CSUM4_TCP_OPTIONS))
		return;

	caps->features |= NETIF_F_IP_CSUM;
	caps->tx_csum |= NETVSC_CSUM_TCP4;
	/* UDP is beyond what older hosts can be told to do. */
	if (nv->nvsp.version > NVSP_VERSION_4 &&
	    rndis_can(host->tx4.flags, NDIS_CSUM4_UDP))
		caps->tx_csum |= NETVSC_CSUM_UDP4;
	if (host->lso.encap4 & cpu_to_le32(NDIS_ENCAP_8023))
		rndis_add_tso(caps, NETIF_F_TSO, host->lso.max4,
			      host->lso.min_segs4);
}

static void rndis_add_ipv6(const struct netvsc *nv, struct netvsc_caps *caps,
			   const struct ndis_offload_caps *host)
{
	if (!rndis_can(host->tx6.flags, NDIS_CSUM6_TCP |
		       NDIS_CSUM6_TCP_OPTIONS | NDIS_CSUM6_EXT_HEADERS))
		return;

	caps->features |= NETIF_F_IPV6_CSUM;
	caps->tx_csum |= NETVSC_CSUM_TCP6;
	if (nv->nvsp.version > NVSP_VERSION_4 &&
	    rndis_can(host->tx6.flags, NDIS_CSUM6_UDP))
		caps->tx_csum |= NETVSC_CSUM_UDP6;
	if ((host->lso.encap6 & cpu_to_le32(NDIS_ENCAP_8023)) &&
	    rndis_can(host->lso.flags6,
		      NDIS_LSO6_EXT_HEADERS | NDIS_LSO6_TCP_OPTIONS))
		rndis_add_tso(caps, NETIF_F_TSO6, host->lso.max6,
			      host->lso.min_segs6);
}

int rndis_query_caps(struct netvsc *nv, struct netvsc_caps *caps)
{
	struct ndis_offload_caps host = {};
	u16 size;
	int len;

	memset(caps, 0, sizeof(*caps));
	rndis_offload_query_header(nv, &host.object);
	size = le16_to_cpu(host.object.size);

	len = rndis_query(nv, NDIS_OID_OFFLOAD_QUERY, &host, size,
			  sizeof(host));
	if (len < 0)
		return len;
	if (len < NDIS_OFFLOAD_CAPS_SIZE_1 ||
	    host.object.type != NDIS_OBJECT_OFFLOAD ||
	    le16_to_cpu(host.object.size) < NDIS_OFFLOAD_CAPS_SIZE_1 ||
	    le16_to_cpu(host.object.size) > len) {
		netvsc_count(nv, NETVSC_EV_BAD_RNDIS);
		return -EPROTO;
	}

	rndis_add_ipv4(nv, caps, &host);
	rndis_add_ipv6(nv, caps, &host);
	return 0;
}

static u8 rndis_csum_setting(const struct netvsc_caps *caps, u32 kind)
{
	return caps->tx_csum & kind ? NDIS_SET_CSUM_TX_RX : 0;
}

static u8 rndis_tso_setting(const struct netvsc_caps *caps,
			    netdev_features_t feature)
{
	return caps->features & feature ? NDIS_SET_ON : 0;
}

int rndis_set_offloads(struct netvsc *nv, const struct netvsc_caps *caps)
{
	struct ndis_offload_set set = {
		.object.type = NDIS_OBJECT_DEFAULT,
		.object.revision = 3,
		/* The stack computes IPv4 header checksums itself. */
		.ip4_csum = NDIS_SET_CSUM_OFF,
		.tcp4_csum = rndis_csum_setting(caps, NETVSC_CSUM_TCP4),
		.udp4_csum = rndis_csum_setting(caps, NETVSC_CSUM_UDP4),
		.tcp6_csum = rndis_csum_setting(caps, NETVSC_CSUM_TCP6),
		.udp6_csum = rndis_csum_setting(caps, NETVSC_CSUM_UDP6),
		.lso4 = rndis_tso_setting(caps, NETIF_F_TSO),
		.lso6 = rndis_tso_setting(caps, NETIF_F_TSO6),
	};
	u16 size = NDIS_OFFLOAD_SET_SIZE_3;

	if (nv->nvsp.version <= NVSP_VERSION_4)
		size = NDIS_OFFLOAD_SET_SIZE_2;
	set.object.size = cpu_to_le16(size);

	return rndis_set(nv, NDIS_OID_OFFLOAD_SET, &set, size);
}

int rndis_start(struct netvsc *nv)
{
	struct rndis_initialize_done *done = nv->rndis.reply;
	struct rndis_initialize *req;
	int err;

	mutex_lock(&nv->rndis.lock);
	nv->rndis.up = true;
	nv->rndis.filter = 0;
	/* What the last channel had not given back went with it. */
	WRITE_ONCE(nv->rndis.page_owner, 0);
	mutex_unlock(&nv->rndis.lock);

	req = rndis_begin(nv, RNDIS_MSG_INIT, sizeof(*req));
	if (IS_ERR(req))
		return PTR_ERR(req);

	req->major = cpu_to_le32(RNDIS_MAJOR_VERSION);
	req->minor = cpu_to_le32(RNDIS_MINOR_VERSION);
	req->max_transfer = cpu_to_le32(RNDIS_MAX_TRANSFER);

	/* The list of address families at the end is not for Ethernet. */
	err = rndis_exchange(nv, RNDIS_MSG_INIT_C,
			     offsetof(typeof(*done), af_offset));
	if (err >= 0)
		err = rndis_status_to_errno(le32_to_cpu(done->status));
	if (!err && le32_to_cpu(done->medium) != RNDIS_MEDIUM_802_3)
		err = -EPROTONOSUPPORT;
	if (err)
		nv->rndis.up = false;
	rndis_end(nv);
	return err;
}

/*
 * The last request of a session; others fail from now on.  The host does not
 * answer this one, but gives the page back.
 */
void rndis_halt(struct netvsc *nv)
{
	struct rndis *rndis = &nv->rndis;
	void *req;

	req = rndis_begin(nv, RNDIS_MSG_HALT, sizeof(__le32));
	if (!IS_ERR(req)) {
		if (!rndis_send(nv, 0))
			netvsc_wait_host(nv, &rndis->released,
					 NETVSC_HOST_TIMEOUT);
		rndis_end(nv);
	}

	mutex_lock(&rndis->lock);
	rndis->up = false;
	mutex_unlock(&rndis->lock);
}

/* NAPI: the host has read the message in the page. */
void rndis_handle_released(struct netvsc *nv, u64 transaction)
{
	struct rndis *rndis = &nv->rndis;

	spin_lock(&rndis->reply_lock);
	if (!rndis->page_owner || rndis->page_owner != transaction) {
		spin_unlock(&rndis->reply_lock);
		netvsc_count(nv, NETVSC_EV_BAD_TRANSACTION);
		return;
	}
	WRITE_ONCE(rndis->page_owner, 0);
	complete(&rndis->released);
	spin_unlock(&rndis->reply_lock);
}

static u32 rndis_handle_reply(struct netvsc *nv, u32 type, const void *body,
			      u32 len)
{
	struct rndis *rndis = &nv->rndis;
	__le32 id;

	if (len < sizeof(id))
		return NVSP_STATUS_BAD_RNDIS;
	memcpy(&id, body, sizeof(id));

	spin_lock(&rndis->reply_lock);
	if (!rndis->awaited || rndis->awaited != le32_to_cpu(id) ||
	    rndis->awaited_type != type) {
		spin_unlock(&rndis->reply_lock);
		netvsc_count(nv, NETVSC_EV_STALE_REPLY);
		return NVSP_STATUS_SUCCESS;
	}

	memcpy(rndis->reply, body, len);
	rndis->reply_len = len;
	rndis->awaited = 0;
	complete(&rndis->replied);
	spin_unlock(&rndis->reply_lock);
	return NVSP_STATUS_SUCCESS;
}

static u32 rndis_handle_indication(struct netvsc *nv, const void *body, u32 len)
{
	struct rndis_indication ind;

	if (len < sizeof(ind))
		return NVSP_STATUS_BAD_RNDIS;
	memcpy(&ind, body, sizeof(ind));

	switch (le32_to_cpu(ind.status)) {
	case RNDIS_STATUS_MEDIA_CONNECT:
		netvsc_link_event(nv, NETVSC_LINK_UP);
		break;
	case RNDIS_STATUS_MEDIA_DISCONNECT:
		netvsc_link_event(nv, NETVSC_LINK_DOWN);
		break;
	case RNDIS_STATUS_NETWORK_CHANGE:
		netvsc_link_event(nv, NETVSC_LINK_CHANGED);
		break;
	case RNDIS_STATUS_LINK_SPEED_CHANGE:
		netvsc_link_event(nv, NETVSC_LINK_SPEED);
		break;
	}
	return NVSP_STATUS_SUCCESS;
}

/*
 * NAPI: a message that is no packet, in memory shared with the host, of @len
 * bytes; @type comes from a copy of its header, and decides.
 */
u32 rndis_handle_control(struct netvsc *nv, u32 type, const void *body,
			 u32 len)
{
	if (len > RNDIS_CONTROL_MAX)
		return NVSP_STATUS_BAD_RNDIS;

	switch (type) {
	case RNDIS_MSG_INIT_C:
	case RNDIS_MSG_QUERY_C:
	case RNDIS_MSG_SET_C:
		return rndis_handle_reply(nv, type, body, len);
	case RNDIS_MSG_INDICATE:
		return rndis_handle_indication(nv, body, len);
	default:
		return NVSP_STATUS_BAD_RNDIS;
	}
}

int rndis_init(struct netvsc *nv)
{
	struct rndis *rndis = &nv->rndis;

	mutex_init(&rndis->lock);
	spin_lock_init(&rndis->reply_lock);
	init_completion(&rndis->replied);
	init_completion(&rndis->released);

	rndis->reply = kzalloc(RNDIS_CONTROL_MAX, GFP_KERNEL);
	if (!rndis->reply)
		return -ENOMEM;

	rndis->page = dma_alloc_coherent(rndis_dev(nv), RNDIS_CONTROL_MAX,
					 &rndis->page_dma, GFP_KERNEL);
	if (!rndis->page) {
		kfree(rndis->reply);
		return -ENOMEM;
	}
	return 0;
}

/* The channel is closed: the page is ours whatever the host said. */
void rndis_uninit(struct netvsc *nv)
{
	struct rndis *rndis = &nv->rndis;

	dma_free_coherent(rndis_dev(nv), RNDIS_CONTROL_MAX, rndis->page,
			  rndis->page_dma);
	kfree(rndis->reply);
}
