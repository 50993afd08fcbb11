/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints: what goes between guest and host, and what for.  Each costs a
 * branch that is patched out while nobody looks.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM netvsc

#if !defined(_NETVSC_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _NETVSC_TRACE_H

#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/tracepoint.h>

#include "nvsp.h"
#include "rndis.h"

#define show_nvsp_type(type) \
	__print_symbolic(type, \
			 { NVSP_INIT,			"init" }, \
			 { NVSP_INIT_DONE,		"init-done" }, \
			 { NVSP_NDIS_VERSION,		"ndis-version" }, \
			 { NVSP_RX_BUFFER,		"rx-buffer" }, \
			 { NVSP_RX_BUFFER_DONE,		"rx-buffer-done" }, \
			 { NVSP_RX_BUFFER_REVOKE,	"rx-buffer-revoke" }, \
			 { NVSP_TX_BUFFER,		"tx-buffer" }, \
			 { NVSP_TX_BUFFER_DONE,		"tx-buffer-done" }, \
			 { NVSP_TX_BUFFER_REVOKE,	"tx-buffer-revoke" }, \
			 { NVSP_RNDIS,			"rndis" }, \
			 { NVSP_RNDIS_DONE,		"rndis-done" }, \
			 { NVSP_NDIS_CONFIG,		"ndis-config" }, \
			 { NVSP_VF_ASSOCIATION,		"vf-association" }, \
			 { NVSP_SWITCH_DATA_PATH,	"switch-data-path" }, \
			 { NVSP_SUBCHANNELS,		"subchannels" }, \
			 { NVSP_SEND_TABLE,		"send-table" })

#define show_rndis_type(type) \
	__print_symbolic(type, \
			 { RNDIS_MSG_INIT,	"init" }, \
			 { RNDIS_MSG_INIT_C,	"init-done" }, \
			 { RNDIS_MSG_HALT,	"halt" }, \
			 { RNDIS_MSG_QUERY,	"query" }, \
			 { RNDIS_MSG_QUERY_C,	"query-done" }, \
			 { RNDIS_MSG_SET,	"set" }, \
			 { RNDIS_MSG_SET_C,	"set-done" })

/* NVSP: messages of the session; those that carry packets are not shown. */

DECLARE_EVENT_CLASS(netvsc_nvsp,
	TP_PROTO(const struct net_device *ndev, u32 type, u32 len,
		 u64 transaction),
	TP_ARGS(ndev, type, len, transaction),
	TP_STRUCT__entry(
		__string(name, ndev->name)
		__field(u32, type)
		__field(u32, len)
		__field(u64, transaction)
	),
	TP_fast_assign(
		__assign_str(name);
		__entry->type = type;
		__entry->len = len;
		__entry->transaction = transaction;
	),
	TP_printk("%s %s (%u) len=%u transaction=%#llx", __get_str(name),
		  show_nvsp_type(__entry->type), __entry->type, __entry->len,
		  __entry->transaction)
);

DEFINE_EVENT(netvsc_nvsp, nvsp_sent,
	TP_PROTO(const struct net_device *ndev, u32 type, u32 len,
		 u64 transaction),
	TP_ARGS(ndev, type, len, transaction));

/* With a transaction it answers one that was sent. */
DEFINE_EVENT(netvsc_nvsp, nvsp_received,
	TP_PROTO(const struct net_device *ndev, u32 type, u32 len,
		 u64 transaction),
	TP_ARGS(ndev, type, len, transaction));

/* RNDIS control */

TRACE_EVENT(rndis_request,
	TP_PROTO(const struct net_device *ndev, u32 type, u32 id, u32 oid,
		 u32 len),
	TP_ARGS(ndev, type, id, oid, len),
	TP_STRUCT__entry(
		__string(name, ndev->name)
		__field(u32, type)
		__field(u32, id)
		__field(u32, oid)
		__field(u32, len)
	),
	TP_fast_assign(
		__assign_str(name);
		__entry->type = type;
		__entry->id = id;
		__entry->oid = oid;
		__entry->len = len;
	),
	TP_printk("%s %s id=%u oid=%#x len=%u", __get_str(name),
		  show_rndis_type(__entry->type), __entry->id, __entry->oid,
		  __entry->len)
);

TRACE_EVENT(rndis_answer,
	TP_PROTO(const struct net_device *ndev, u32 type, u32 id, u32 len),
	TP_ARGS(ndev, type, id, len),
	TP_STRUCT__entry(
		__string(name, ndev->name)
		__field(u32, type)
		__field(u32, id)
		__field(u32, len)
	),
	TP_fast_assign(
		__assign_str(name);
		__entry->type = type;
		__entry->id = id;
		__entry->len = len;
	),
	TP_printk("%s %s id=%u len=%u", __get_str(name),
		  show_rndis_type(__entry->type), __entry->id, __entry->len)
);

TRACE_EVENT(rndis_indication,
	TP_PROTO(const struct net_device *ndev, u32 status),
	TP_ARGS(ndev, status),
	TP_STRUCT__entry(
		__string(name, ndev->name)
		__field(u32, status)
	),
	TP_fast_assign(
		__assign_str(name);
		__entry->status = status;
	),
	TP_printk("%s status=%#x", __get_str(name), __entry->status)
);

/* The data path */

TRACE_EVENT(netvsc_tx,
	TP_PROTO(const struct sk_buff *skb, u16 queue),
	TP_ARGS(skb, queue),
	TP_STRUCT__entry(
		__string(name, skb->dev->name)
		__field(u16, queue)
		__field(u16, gso_size)
		__field(u32, len)
	),
	TP_fast_assign(
		__assign_str(name);
		__entry->queue = queue;
		__entry->gso_size = skb_shinfo(skb)->gso_size;
		__entry->len = skb->len;
	),
	TP_printk("%s queue=%u len=%u gso_size=%u", __get_str(name),
		  __entry->queue, __entry->len, __entry->gso_size)
);

TRACE_EVENT(netvsc_tx_done,
	TP_PROTO(const struct net_device *ndev, u16 queue, u64 transaction,
		 bool sent),
	TP_ARGS(ndev, queue, transaction, sent),
	TP_STRUCT__entry(
		__string(name, ndev->name)
		__field(u16, queue)
		__field(bool, sent)
		__field(u64, transaction)
	),
	TP_fast_assign(
		__assign_str(name);
		__entry->queue = queue;
		__entry->sent = sent;
		__entry->transaction = transaction;
	),
	TP_printk("%s queue=%u transaction=%#llx %s", __get_str(name),
		  __entry->queue, __entry->transaction,
		  __entry->sent ? "sent" : "failed")
);

TRACE_EVENT(netvsc_rx,
	TP_PROTO(const struct net_device *ndev, u16 queue, u32 len),
	TP_ARGS(ndev, queue, len),
	TP_STRUCT__entry(
		__string(name, ndev->name)
		__field(u16, queue)
		__field(u32, len)
	),
	TP_fast_assign(
		__assign_str(name);
		__entry->queue = queue;
		__entry->len = len;
	),
	TP_printk("%s queue=%u len=%u", __get_str(name), __entry->queue,
		  __entry->len)
);

/* The host is asked for another data path; nvsp_received shows its answer. */
TRACE_EVENT(netvsc_vf_switch,
	TP_PROTO(const struct net_device *ndev, bool to_vf, int err),
	TP_ARGS(ndev, to_vf, err),
	TP_STRUCT__entry(
		__string(name, ndev->name)
		__field(bool, to_vf)
		__field(int, err)
	),
	TP_fast_assign(
		__assign_str(name);
		__entry->to_vf = to_vf;
		__entry->err = err;
	),
	TP_printk("%s to=%s err=%d", __get_str(name),
		  __entry->to_vf ? "vf" : "synthetic", __entry->err)
);

#endif /* _NETVSC_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
