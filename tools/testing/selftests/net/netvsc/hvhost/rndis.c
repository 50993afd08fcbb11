// SPDX-License-Identifier: GPL-2.0
/*
 * RNDIS control: one request in, one answer out.  What a Hyper-V switch answers
 * is answered the same way here; an object that the host does not know is "not
 * supported", which every guest must cope with.
 */
#include <string.h>

#include "generation.h"
#include "rndis.h"
#include "rndis_wire.h"
#include "vswitch.h"

#define BUFFER_SPACE		(256 * 1024)
#define VENDOR_ID		0x00155d
#define DRIVER_VERSION		0x0100
#define MAC_OPTIONS		0x24d	/* as the switch of a Hyper-V host */

#define CSUM4_ALL	(NDIS_CSUM_OPTIONS | NDIS_CSUM_TCP_OPTIONS | \
			 NDIS_CSUM_TCP | NDIS_CSUM_UDP | NDIS_CSUM_IP)
#define CSUM6_ALL	(NDIS_CSUM_OPTIONS | NDIS_CSUM_TCP_OPTIONS | \
			 NDIS_CSUM_TCP | NDIS_CSUM_UDP)

/* What an answer to a query carries. */
struct answer {
	uint8_t *at;
	size_t len;
};

static void put(struct answer *answer, const void *data, size_t len)
{
	memcpy(answer->at + answer->len, data, len);
	answer->len += len;
}

static void put32(struct answer *answer, uint32_t v)
{
	put(answer, &v, sizeof(v));
}

static void put64(struct answer *answer, uint64_t v)
{
	put(answer, &v, sizeof(v));
}

/* Which checksums of IPv4 or IPv6 this host fills in, and checks. */
static uint32_t offered_csum(const struct rndis *rn, uint32_t all)
{
	return rn->gen->udp_csum ? all : all & ~NDIS_CSUM_UDP;
}

static uint64_t bits_per_second(const struct rndis *rn)
{
	return rn->speed * 1000000ull;
}

static void fill_offload(const struct rndis *rn, struct ndis_offload *off,
			 bool capabilities)
{
	bool lso4 = capabilities || rn->lso4;
	bool lso6 = capabilities || rn->lso6;
	uint32_t csum4 = offered_csum(rn, CSUM4_ALL);
	uint32_t csum6 = offered_csum(rn, CSUM6_ALL);

	memset(off, 0, sizeof(*off));
	off->obj.type = NDIS_OBJ_OFFLOAD;
	off->obj.revision = 3;
	off->obj.size = NDIS_OFFLOAD_LEN_3;
	off->ip4_tx_encap = NDIS_ENCAP_8023;
	off->ip4_rx_encap = NDIS_ENCAP_8023;
	off->ip6_tx_encap = NDIS_ENCAP_8023;
	off->ip6_rx_encap = NDIS_ENCAP_8023;
	off->ip4_tx_csum = capabilities ? csum4 : rn->tx_csum4;
	off->ip4_rx_csum = capabilities ? csum4 : rn->rx_csum4;
	off->ip6_tx_csum = capabilities ? csum6 : rn->tx_csum6;
	off->ip6_rx_csum = capabilities ? csum6 : rn->rx_csum6;
	if (lso4) {
		off->lso4_encap = NDIS_ENCAP_8023;
		off->lso4_max = NDIS_LSO_MAX;
		off->lso4_min_segments = 2;
	}
	if (lso6) {
		off->lso6_encap = NDIS_ENCAP_8023;
		off->lso6_max = NDIS_LSO_MAX;
		off->lso6_min_segments = 2;
		off->lso6_options = NDIS_CSUM_OPTIONS | NDIS_CSUM_TCP_OPTIONS;
	}
	off->rsc4 = capabilities ? rn->rsc_offered : rn->rsc4;
	off->rsc6 = capabilities ? rn->rsc_offered : rn->rsc6;
}

/* In the revision that the guest asks for, which older ones do by a header. */
static void put_offload(const struct rndis *rn, struct answer *answer,
			bool capabilities, const uint8_t *info, size_t len)
{
	struct ndis_offload off;
	struct ndis_obj obj = { .revision = 3 };

	fill_offload(rn, &off, capabilities);
	if (len >= sizeof(obj))
		memcpy(&obj, info, sizeof(obj));
	if (obj.revision == 1) {
		off.obj.revision = 1;
		off.obj.size = NDIS_OFFLOAD_LEN_1;
	} else if (obj.revision == 2) {
		off.obj.revision = 2;
		off.obj.size = NDIS_OFFLOAD_LEN_2;
	}
	put(answer, &off, off.obj.size);
}

static void put_rss_caps(const struct rndis *rn, struct answer *answer)
{
	struct ndis_rss_caps caps = {
		.obj.type = NDIS_OBJ_RSS_CAPS,
		.obj.revision = 2,
		.obj.size = NDIS_RSS_CAPS_LEN,
		.flags = RSS_CAPS,
		.interrupts = 1,
		.queues = rn->queues,
		.table_entries = RSS_TABLE,
	};

	put(answer, &caps, NDIS_RSS_CAPS_LEN);
}

static void put_link_state(const struct rndis *rn, struct answer *answer)
{
	struct ndis_link_state state = {
		.obj.type = NDIS_OBJ_DEFAULT,
		.obj.revision = 1,
		.obj.size = sizeof(state),
		.connect = rn->link ? 1 : 2,
		.xmit_speed = bits_per_second(rn),
		.rcv_speed = bits_per_second(rn),
	};

	put(answer, &state, sizeof(state));
}

static void put_encapsulation(struct answer *answer)
{
	struct ndis_encapsulation encap = {
		.obj.type = NDIS_OBJ_ENCAPSULATION,
		.obj.revision = 1,
		.obj.size = sizeof(encap),
		.ip4_on = 1,
		.ip4_type = NDIS_ENCAP_8023,
		.ip4_header = FRAME_HDR,
		.ip6_on = 1,
		.ip6_type = NDIS_ENCAP_8023,
		.ip6_header = FRAME_HDR,
	};

	put(answer, &encap, sizeof(encap));
}

static void put_friendly_name(const struct rndis *rn, struct answer *answer)
{
	/* The name that hosts give where nobody chose one. */
	const char *name = rn->name[0] ? rn->name : "Network Adapter";
	uint16_t wide[RNDIS_NAME_MAX + 1] = { 0 };
	unsigned int i;

	for (i = 0; name[i]; i++)
		wide[i] = (uint8_t)name[i];
	put(answer, wide, sizeof(wide));
}

/* The first version of NDIS whose guests know an object. */
static uint32_t known_since(uint32_t oid)
{
	switch (oid) {
	case OID_RSS_CAPABILITIES:
	case OID_RSS_PARAMETERS:
		return NDIS_VERSION(6, 30);
	case OID_LINK_STATE:
	case OID_MAX_LINK_SPEED:
	case OID_BYTES_RCV:
	case OID_BYTES_XMIT:
	case OID_ENCAPSULATION:
	case OID_OFFLOAD_CONFIG:
	case OID_OFFLOAD_PARAMETERS:
	case OID_OFFLOAD_CAPABILITIES:
		return NDIS_VERSION(6, 0);
	default:
		return 0;
	}
}

static void put_supported(const struct rndis *rn, struct answer *answer)
{
	static const uint32_t oids[] = {
		OID_SUPPORTED_LIST, OID_HARDWARE_STATUS, OID_MEDIA_SUPPORTED,
		OID_MEDIA_IN_USE, OID_MAXIMUM_LOOKAHEAD,
		OID_MAXIMUM_FRAME_SIZE, OID_LINK_SPEED,
		OID_TRANSMIT_BUFFER_SPACE, OID_RECEIVE_BUFFER_SPACE,
		OID_TRANSMIT_BLOCK_SIZE, OID_RECEIVE_BLOCK_SIZE, OID_VENDOR_ID,
		OID_VENDOR_DESCRIPTION, OID_PACKET_FILTER,
		OID_CURRENT_LOOKAHEAD, OID_DRIVER_VERSION,
		OID_MAXIMUM_TOTAL_SIZE, OID_MAC_OPTIONS,
		OID_MEDIA_CONNECT_STATUS, OID_MAXIMUM_SEND_PACKETS,
		OID_VENDOR_DRIVER_VERSION, OID_NETWORK_LAYER_ADDRESSES,
		OID_RSS_CAPABILITIES, OID_RSS_PARAMETERS, OID_MAX_LINK_SPEED,
		OID_LINK_STATE, OID_CONFIG_PARAMETER, OID_XMIT_OK, OID_RCV_OK,
		OID_XMIT_ERROR, OID_RCV_ERROR, OID_RCV_NO_BUFFER,
		OID_FRIENDLY_NAME, OID_BYTES_RCV, OID_BYTES_XMIT,
		OID_RCV_DISCARDS, OID_PERMANENT_ADDRESS, OID_CURRENT_ADDRESS,
		OID_MULTICAST_LIST, OID_MAXIMUM_LIST_SIZE, OID_ENCAPSULATION,
		OID_RCV_ERROR_ALIGNMENT, OID_XMIT_ONE_COLLISION,
		OID_XMIT_MORE_COLLISIONS, OID_OFFLOAD_CONFIG,
		OID_OFFLOAD_PARAMETERS, OID_OFFLOAD_CAPABILITIES,
	};
	size_t i;

	for (i = 0; i < sizeof(oids) / sizeof(oids[0]); i++)
		if (rn->ndis >= known_since(oids[i]))
			put32(answer, oids[i]);
}

/* False: not one of these. */
static bool query_general(const struct rndis *rn, uint32_t oid,
			  struct answer *answer)
{
	static const char vendor[] = "hvhost";

	switch (oid) {
	case OID_HARDWARE_STATUS:		/* ready */
	case OID_MEDIA_SUPPORTED:		/* 802.3 */
	case OID_MEDIA_IN_USE:
	case OID_RCV_ERROR_ALIGNMENT:
	case OID_XMIT_ONE_COLLISION:
	case OID_XMIT_MORE_COLLISIONS:
		put32(answer, 0);
		return true;
	case OID_MAXIMUM_LOOKAHEAD:
	case OID_CURRENT_LOOKAHEAD:
	case OID_MAXIMUM_FRAME_SIZE:
		put32(answer, rn->frame_size - FRAME_HDR);
		return true;
	case OID_MAXIMUM_TOTAL_SIZE:
	case OID_TRANSMIT_BLOCK_SIZE:
	case OID_RECEIVE_BLOCK_SIZE:
		put32(answer, rn->frame_size);
		return true;
	case OID_TRANSMIT_BUFFER_SPACE:
	case OID_RECEIVE_BUFFER_SPACE:
		put32(answer, BUFFER_SPACE);
		return true;
	case OID_VENDOR_ID:
		put32(answer, VENDOR_ID);
		return true;
	case OID_VENDOR_DESCRIPTION:
		put(answer, vendor, sizeof(vendor));
		return true;
	case OID_DRIVER_VERSION:
	case OID_VENDOR_DRIVER_VERSION:
		put32(answer, DRIVER_VERSION);
		return true;
	case OID_MAC_OPTIONS:
		put32(answer, MAC_OPTIONS);
		return true;
	case OID_MAXIMUM_SEND_PACKETS:
		put32(answer, UINT32_MAX);
		return true;
	case OID_MAXIMUM_LIST_SIZE:
		put32(answer, RNDIS_MULTICAST_MAX);
		return true;
	case OID_PACKET_FILTER:
		put32(answer, rn->filter);
		return true;
	case OID_SUPPORTED_LIST:
		put_supported(rn, answer);
		return true;
	case OID_FRIENDLY_NAME:
		put_friendly_name(rn, answer);
		return true;
	case OID_ENCAPSULATION:
		put_encapsulation(answer);
		return true;
	case OID_RSS_CAPABILITIES:
		put_rss_caps(rn, answer);
		return true;
	default:
		return false;
	}
}

static bool query_link(const struct rndis *rn, uint32_t oid,
		       struct answer *answer)
{
	switch (oid) {
	case OID_LINK_SPEED:
		put32(answer, rn->speed * RNDIS_SPEED_PER_MBIT);
		return true;
	case OID_MAX_LINK_SPEED:
		put64(answer, bits_per_second(rn));
		put64(answer, bits_per_second(rn));
		return true;
	case OID_LINK_STATE:
		put_link_state(rn, answer);
		return true;
	case OID_MEDIA_CONNECT_STATUS:
		put32(answer, rn->link ? 0 : 1);
		return true;
	case OID_PERMANENT_ADDRESS:
		put(answer, rn->perm_mac, 6);
		return true;
	case OID_CURRENT_ADDRESS:
		put(answer, vnic_mac(rn->nic), 6);
		return true;
	case OID_MULTICAST_LIST:
		put(answer, rn->multicast, rn->nr_multicast * 6);
		return true;
	default:
		return false;
	}
}

static bool query_counter(const struct rndis *rn, uint32_t oid,
			  struct answer *answer)
{
	const struct vpath_stats *stats = vnic_stats(rn->nic, PATH_SYNTHETIC);

	switch (oid) {
	case OID_XMIT_OK:
		put64(answer, stats->tx_frames);
		return true;
	case OID_RCV_OK:
		put64(answer, stats->rx_frames);
		return true;
	case OID_BYTES_XMIT:
		put64(answer, stats->tx_bytes);
		return true;
	case OID_BYTES_RCV:
		put64(answer, stats->rx_bytes);
		return true;
	case OID_RCV_NO_BUFFER:
	case OID_RCV_DISCARDS:
		put64(answer, stats->rx_dropped);
		return true;
	case OID_XMIT_ERROR:
	case OID_RCV_ERROR:
		put64(answer, 0);
		return true;
	default:
		return false;
	}
}

static uint32_t query(const struct rndis *rn, uint32_t oid,
		      const uint8_t *info, size_t len, struct answer *answer)
{
	if (rn->ndis < known_since(oid))
		return RNDIS_E_NOT_SUPPORTED;
	if (oid == OID_OFFLOAD_CAPABILITIES || oid == OID_OFFLOAD_CONFIG) {
		put_offload(rn, answer, oid == OID_OFFLOAD_CAPABILITIES, info,
			    len);
		return RNDIS_OK;
	}
	if (query_general(rn, oid, answer) || query_link(rn, oid, answer) ||
	    query_counter(rn, oid, answer))
		return RNDIS_OK;
	return RNDIS_E_NOT_SUPPORTED;
}

static uint32_t set_filter(struct rndis *rn, const uint8_t *info, size_t len)
{
	if (len < sizeof(rn->filter))
		return RNDIS_E_LENGTH;
	memcpy(&rn->filter, info, sizeof(rn->filter));
	vnic_set_promiscuous(rn->nic, PATH_SYNTHETIC,
			     rn->filter & FILTER_PROMISCUOUS);
	return RNDIS_OK;
}

static uint32_t set_multicast(struct rndis *rn, const uint8_t *info, size_t len)
{
	if (len % 6)
		return RNDIS_E_LENGTH;
	if (len > sizeof(rn->multicast))
		return RNDIS_E_MULTICAST_FULL;
	memcpy(rn->multicast, info, len);
	rn->nr_multicast = len / 6;
	return RNDIS_OK;
}

/* 1: off, 2: guest to host, 3: host to guest, 4: both; 0: as it is */
static bool set_csum(uint8_t how, uint32_t *tx, uint32_t *rx, uint32_t bit)
{
	if (how > 4)
		return false;
	if (!how)
		return true;
	*tx = how == 2 || how == 4 ? *tx | bit : *tx & ~bit;
	*rx = how == 3 || how == 4 ? *rx | bit : *rx & ~bit;
	return true;
}

/* 1: off, 2: on; 0: as it is */
static bool set_switch(uint8_t how, bool offered, bool *on)
{
	if (how > 2)
		return false;
	if (how)
		*on = how == 2 && offered;
	return true;
}

static uint32_t set_offload(struct rndis *rn, const uint8_t *info, size_t len)
{
	struct ndis_offload_params par = { 0 };
	struct rndis next = *rn;
	bool ok;

	if (len < NDIS_PARAMS_LEN_1)
		return RNDIS_E_LENGTH;
	memcpy(&par, info, len < sizeof(par) ? len : sizeof(par));
	if (par.obj.type != NDIS_OBJ_DEFAULT || !par.obj.revision ||
	    par.obj.size < NDIS_PARAMS_LEN_1 || par.obj.size > len)
		return RNDIS_E_DATA;
	if (par.lso_v1 == 2)
		return RNDIS_E_NOT_SUPPORTED;

	ok = set_csum(par.ip4, &next.tx_csum4, &next.rx_csum4, NDIS_CSUM_IP) &&
	     set_csum(par.tcp4, &next.tx_csum4, &next.rx_csum4,
		      NDIS_CSUM_TCP) &&
	     set_csum(par.udp4, &next.tx_csum4, &next.rx_csum4,
		      NDIS_CSUM_UDP) &&
	     set_csum(par.tcp6, &next.tx_csum6, &next.rx_csum6,
		      NDIS_CSUM_TCP) &&
	     set_csum(par.udp6, &next.tx_csum6, &next.rx_csum6,
		      NDIS_CSUM_UDP) &&
	     set_switch(par.lso4, true, &next.lso4) &&
	     set_switch(par.lso6, true, &next.lso6);
	if (par.obj.revision >= 3 && par.obj.size >= NDIS_PARAMS_LEN_3)
		ok = ok && set_switch(par.rsc4, rn->rsc_offered, &next.rsc4) &&
		     set_switch(par.rsc6, rn->rsc_offered, &next.rsc6);
	if (!ok)
		return RNDIS_E_DATA;
	/* What is not offered stays off, whatever the guest says. */
	next.tx_csum4 &= offered_csum(rn, CSUM4_ALL);
	next.rx_csum4 &= offered_csum(rn, CSUM4_ALL);
	next.tx_csum6 &= offered_csum(rn, CSUM6_ALL);
	next.rx_csum6 &= offered_csum(rn, CSUM6_ALL);
	*rn = next;
	rn->offload_changed = true;
	return RNDIS_OK;
}

static bool inside(size_t offset, size_t len, size_t total)
{
	return offset <= total && len <= total - offset;
}

static uint32_t set_encapsulation(const uint8_t *info, size_t len)
{
	struct ndis_encapsulation encap;

	if (len < sizeof(encap))
		return RNDIS_E_LENGTH;
	memcpy(&encap, info, sizeof(encap));
	if (encap.obj.type != NDIS_OBJ_ENCAPSULATION)
		return RNDIS_E_DATA;
	if ((encap.ip4_on == 1 && (encap.ip4_type != NDIS_ENCAP_8023 ||
				   encap.ip4_header != FRAME_HDR)) ||
	    (encap.ip6_on == 1 && (encap.ip6_type != NDIS_ENCAP_8023 ||
				   encap.ip6_header != FRAME_HDR)))
		return RNDIS_E_NOT_SUPPORTED;
	return RNDIS_OK;
}

static int hex_digit(const uint8_t *wide)
{
	uint8_t c = wide[0] | 0x20;

	if (wide[1])
		return -1;
	if (wide[0] >= '0' && wide[0] <= '9')
		return wide[0] - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static uint32_t set_address(struct rndis *rn, const uint8_t *value, size_t len)
{
	static const uint8_t none[6];
	uint8_t mac[6];
	int high, low;
	size_t i;

	if (len != 24)
		return RNDIS_E_DATA;
	for (i = 0; i < 6; i++) {
		high = hex_digit(value + i * 4);
		low = hex_digit(value + i * 4 + 2);
		if (high < 0 || low < 0)
			return RNDIS_E_DATA;
		mac[i] = high << 4 | low;
	}
	if (mac[0] & 1 || !memcmp(mac, none, sizeof(mac)))
		return RNDIS_E_DATA;
	vnic_set_mac(rn->nic, mac);
	return RNDIS_OK;
}

static bool name_is(const uint8_t *wide, size_t len, const char *name)
{
	size_t i;

	if (len != strlen(name) * 2)
		return false;
	for (i = 0; name[i]; i++)
		if (wide[i * 2] != (uint8_t)name[i] || wide[i * 2 + 1])
			return false;
	return true;
}

static uint32_t set_config(struct rndis *rn, const uint8_t *info, size_t len)
{
	struct rndis_config_param par;

	if (len < sizeof(par))
		return RNDIS_E_LENGTH;
	memcpy(&par, info, sizeof(par));
	if (!inside(par.name_offset, par.name_len, len) ||
	    !inside(par.value_offset, par.value_len, len))
		return RNDIS_E_DATA;
	if (name_is(info + par.name_offset, par.name_len, "NetworkAddress")) {
		if (par.type != CONFIG_PARAM_STRING)
			return RNDIS_E_DATA;
		return set_address(rn, info + par.value_offset, par.value_len);
	}
	/* Hosts take parameters of adapters that they do not know. */
	return RNDIS_OK;
}

static uint32_t set(struct rndis *rn, uint32_t oid, const uint8_t *info,
		    size_t len)
{
	if (rn->ndis < known_since(oid))
		return RNDIS_E_NOT_SUPPORTED;
	switch (oid) {
	case OID_PACKET_FILTER:
		return set_filter(rn, info, len);
	case OID_MULTICAST_LIST:
		return set_multicast(rn, info, len);
	case OID_OFFLOAD_PARAMETERS:
		return set_offload(rn, info, len);
	case OID_RSS_PARAMETERS:
		return rss_set(&rn->rss, rn->queues, info, len);
	case OID_ENCAPSULATION:
		return set_encapsulation(info, len);
	case OID_CONFIG_PARAMETER:
		return set_config(rn, info, len);
	case OID_CURRENT_LOOKAHEAD:
	case OID_NETWORK_LAYER_ADDRESSES:
		return RNDIS_OK;
	default:
		return RNDIS_E_NOT_SUPPORTED;
	}
}

static size_t finish(uint8_t *reply, uint32_t type, size_t body)
{
	struct rndis_hdr hdr = {
		.type = type,
		.len = sizeof(hdr) + body,
	};

	memcpy(reply, &hdr, sizeof(hdr));
	return hdr.len;
}

static size_t reply_done(uint8_t *reply, uint32_t type, uint32_t request,
			 uint32_t status)
{
	struct rndis_done done = { .request = request, .status = status };

	memcpy(reply + sizeof(struct rndis_hdr), &done, sizeof(done));
	return finish(reply, type | RNDIS_DONE, sizeof(done));
}

static const char *handle_initialize(struct rndis *rn, const uint8_t *body,
				     size_t len, uint8_t *reply,
				     size_t *reply_len)
{
	struct rndis_initialize_done done = {
		.status = RNDIS_OK,
		.major = 1,
		.device_flags = 1,		/* connectionless */
		.max_packets = RNDIS_MAX_PACKETS,
		.max_transfer = 0xefffffff,
		.align_shift = RNDIS_ALIGN_SHIFT,
	};
	struct rndis_initialize init;

	if (len < sizeof(init))
		return "RNDIS initialize message too short";
	if (rn->ready)
		return "RNDIS initialized twice";
	memcpy(&init, body, sizeof(init));
	rn->ready = true;
	/* What guests set they set for as long as they are initialized. */
	if (rn->nic)
		vnic_set_mac(rn->nic, rn->perm_mac);
	done.request = init.request;
	memcpy(reply + sizeof(struct rndis_hdr), &done, sizeof(done));
	*reply_len = finish(reply, RNDIS_INITIALIZE | RNDIS_DONE,
			    sizeof(done));
	return NULL;
}

/* Where a request's information is, if the message holds all of it. */
static const uint8_t *find_info(const uint8_t *body, size_t len,
				struct rndis_info *req)
{
	memcpy(req, body, sizeof(*req));
	if (!req->info_len)
		return body;
	if (req->info_offset < sizeof(*req) ||
	    !inside(req->info_offset, req->info_len, len))
		return NULL;
	return body + req->info_offset;
}

static const char *handle_query(struct rndis *rn, const uint8_t *body,
				size_t len, uint8_t *reply, size_t *reply_len)
{
	struct rndis_query_done done = { .info_offset = sizeof(done) };
	struct answer answer = {
		.at = reply + sizeof(struct rndis_hdr) + sizeof(done),
	};
	struct rndis_info req;
	const uint8_t *info;

	if (len < sizeof(req))
		return "RNDIS query message too short";
	info = find_info(body, len, &req);
	if (!info)
		done.status = RNDIS_E_LENGTH;
	else if (!rn->ready)
		done.status = RNDIS_E_NOT_READY;
	else
		done.status = query(rn, req.oid, info, req.info_len, &answer);
	done.request = req.request;
	done.info_len = answer.len;
	memcpy(reply + sizeof(struct rndis_hdr), &done, sizeof(done));
	*reply_len = finish(reply, RNDIS_QUERY | RNDIS_DONE,
			    sizeof(done) + answer.len);
	return NULL;
}

static const char *handle_set(struct rndis *rn, const uint8_t *body,
			      size_t len, uint8_t *reply, size_t *reply_len)
{
	struct rndis_info req;
	const uint8_t *info;
	uint32_t status;

	if (len < sizeof(req))
		return "RNDIS set message too short";
	info = find_info(body, len, &req);
	if (!info)
		status = RNDIS_E_LENGTH;
	else if (!rn->ready)
		status = RNDIS_E_NOT_READY;
	else
		status = set(rn, req.oid, info, req.info_len);
	*reply_len = reply_done(reply, RNDIS_SET, req.request, status);
	return NULL;
}

static void forget_filter(struct rndis *rn)
{
	rn->filter = 0;
	rn->nr_multicast = 0;
	if (rn->nic)
		vnic_set_promiscuous(rn->nic, PATH_SYNTHETIC, false);
}

static const char *handle_reset(struct rndis *rn, uint8_t *reply,
				size_t *reply_len)
{
	struct rndis_reset_done done = {
		.status = rn->ready ? RNDIS_OK : RNDIS_E_NOT_READY,
		.addressing_lost = 1,
	};

	forget_filter(rn);
	memcpy(reply + sizeof(struct rndis_hdr), &done, sizeof(done));
	*reply_len = finish(reply, RNDIS_RESET | RNDIS_DONE, sizeof(done));
	return NULL;
}

static const char *handle_keepalive(const uint8_t *body, size_t len,
				    uint8_t *reply, size_t *reply_len)
{
	uint32_t request;

	if (len < sizeof(request))
		return "RNDIS keep-alive message too short";
	memcpy(&request, body, sizeof(request));
	*reply_len = reply_done(reply, RNDIS_KEEPALIVE, request, RNDIS_OK);
	return NULL;
}

const char *rndis_control(struct rndis *rn, const uint8_t *msg, size_t len,
			  uint8_t *reply, size_t *reply_len)
{
	const uint8_t *body = msg + sizeof(struct rndis_hdr);
	struct rndis_hdr hdr;

	*reply_len = 0;
	if (len < sizeof(hdr))
		return "RNDIS message too short";
	memcpy(&hdr, msg, sizeof(hdr));
	if (hdr.len < sizeof(hdr) || hdr.len > len)
		return "RNDIS message length";
	len = hdr.len - sizeof(hdr);

	switch (hdr.type) {
	case RNDIS_INITIALIZE:
		return handle_initialize(rn, body, len, reply, reply_len);
	case RNDIS_HALT:
		rn->ready = false;
		forget_filter(rn);
		return NULL;
	case RNDIS_QUERY:
		return handle_query(rn, body, len, reply, reply_len);
	case RNDIS_SET:
		return handle_set(rn, body, len, reply, reply_len);
	case RNDIS_RESET:
		return handle_reset(rn, reply, reply_len);
	case RNDIS_KEEPALIVE:
		return handle_keepalive(body, len, reply, reply_len);
	default:
		return "unknown RNDIS control message";
	}
}

size_t rndis_refuse(const uint8_t *msg, uint8_t *reply)
{
	struct rndis_initialize_done init = { .status = RNDIS_E_FAILURE };
	struct rndis_query_done query = { .status = RNDIS_E_FAILURE };
	struct rndis_hdr hdr;
	uint32_t request;

	memcpy(&hdr, msg, sizeof(hdr));
	memcpy(&request, msg + sizeof(hdr), sizeof(request));
	init.request = request;
	query.request = request;
	switch (hdr.type) {
	case RNDIS_INITIALIZE:
		memcpy(reply + sizeof(hdr), &init, sizeof(init));
		return finish(reply, hdr.type | RNDIS_DONE, sizeof(init));
	case RNDIS_QUERY:
		memcpy(reply + sizeof(hdr), &query, sizeof(query));
		return finish(reply, hdr.type | RNDIS_DONE, sizeof(query));
	default:
		return reply_done(reply, hdr.type, request, RNDIS_E_FAILURE);
	}
}

void rndis_reset(struct rndis *rn)
{
	rn->ready = false;
	rn->rsc_offered = false;
	rn->ndis = 0;
	rn->vlan_inline = false;
	rn->offload_changed = false;
	forget_filter(rn);
	/* What hosts have switched on before the guest says what it wants. */
	rn->tx_csum4 = offered_csum(rn, CSUM4_ALL);
	rn->rx_csum4 = rn->tx_csum4;
	rn->tx_csum6 = offered_csum(rn, CSUM6_ALL);
	rn->rx_csum6 = rn->tx_csum6;
	rn->lso4 = true;
	rn->lso6 = true;
	rn->rsc4 = false;
	rn->rsc6 = false;
	memset(&rn->rss, 0, sizeof(rn->rss));
}

size_t rndis_indicate(const struct rndis *rn, uint8_t *buf, uint32_t status,
		      const void *data, size_t len)
{
	size_t total;

	struct rndis_indicate ind = {
		.status = status,
		.buf_len = len,
		.buf_offset = len ? sizeof(ind) : 0,
	};

	memcpy(buf + sizeof(struct rndis_hdr), &ind, sizeof(ind));
	if (len)
		memcpy(buf + sizeof(struct rndis_hdr) + sizeof(ind), data, len);
	total = finish(buf, RNDIS_INDICATE, sizeof(ind) + len);
	if (rn->gen->short_indication)
		finish(buf, RNDIS_INDICATE, sizeof(ind));
	return total;
}

size_t rndis_indicate_offload(const struct rndis *rn, uint8_t *buf)
{
	struct ndis_offload off;

	fill_offload(rn, &off, false);
	return rndis_indicate(rn, buf, RNDIS_I_OFFLOAD, &off, sizeof(off));
}

bool rndis_wants(const struct rndis *rn, const struct frame *frame)
{
	static const uint8_t broadcast[6] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff
	};
	unsigned int i;

	if (rn->filter & FILTER_PROMISCUOUS)
		return true;
	if (!(frame->data[0] & 1))
		return rn->filter & FILTER_DIRECTED;
	if (!memcmp(frame->data, broadcast, sizeof(broadcast)))
		return rn->filter & FILTER_BROADCAST;
	if (rn->filter & FILTER_ALL_MULTICAST)
		return true;
	if (!(rn->filter & FILTER_MULTICAST))
		return false;
	for (i = 0; i < rn->nr_multicast; i++)
		if (!memcmp(frame->data, rn->multicast[i], 6))
			return true;
	return false;
}
