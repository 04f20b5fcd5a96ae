/* The heartbeat: the one message between two nodes. This module owns its bytes (docs/PROTOCOL.md draws them): packing,
 * unpacking, and the named reasons for not doing so. It verifies nothing: auth.c owns the MAC, core/peer.c the belief. */
#ifndef HAMON_WIRE_HEARTBEAT_H
#define HAMON_WIRE_HEARTBEAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	HEARTBEAT_ETHERTYPE = 0x88b5, /* IEEE 802 local experimental EtherType 1 */
	HEARTBEAT_MAGIC = 0x484d,     /* "HM": the first two bytes */
	HEARTBEAT_VERSION = 1,
	HEARTBEAT_MAC_LEN = 16, /* HMAC-SHA-256, truncated to 128 bits */
	HEARTBEAT_LEN = 148,    /* of version 1, MAC included */
	HEARTBEAT_MAX = 512,    /* no later version may be longer */
};

/* Read by the kernel's egress rule, which renews or grants the lease as the frame leaves. */
enum heartbeat_mark { MARK_PLAIN = 0, MARK_RENEW = 1, MARK_GRANT = 2 };

struct heartbeat {
	enum heartbeat_mark mark;
	uint32_t cluster; /* tag, from the cluster's name: auth_cluster_tag() */
	uint8_t sender;   /* parity of the sender's epochs, 0 or 1 */
	uint8_t key;      /* key number, for a key that is being rotated */

	uint64_t boot;  /* boot number of the sender, ordered */
	uint64_t seq;   /* one sequence for all links, from 1 */
	uint64_t seen;  /* the highest epoch that the sender knows */
	bool lease;     /* the sender holds the lease */
	bool deaf;      /* the sender hears nobody and cannot take over: do not count this as hearing it */
	bool leaving;   /* the sender ends, and holds nothing */
	bool offer;     /* the sender would give the role away */
	bool unheard;   /* the sender hears the receiver on no link of its own: it asks for reflected heartbeats */
	bool reflected; /* a reflected heartbeat of the receiver's reached the sender lately */
	uint64_t echo_boot, echo_seq; /* the receiver's boot number, and its newest normal frame, accepted; 0: none yet */
	uint64_t want;                /* the sender asks for the role, by this number; 0: it does not */
	uint64_t rel;                 /* the sender released the role to the request of this number; 0: it did not */
	uint16_t fitness;             /* 0 (unfit) .. 100 */
	uint32_t cover_us;            /* the sender's A + 2 L + J: what the receiver's dead interval must cover */
	uint32_t interval_us;         /* the sender's heartbeat interval */
	uint64_t digest;              /* of the shared part of the sender's configuration; 0: not told */
	uint64_t loaded;              /* when that was loaded: wall clock, s */
	uint64_t sent_us;     /* when this was decided, by the sender's monotonic clock: for jitter, never for belief */
	uint32_t echo_age_us; /* how long ago the echoed frame arrived there: for the round trip, never for belief */
	uint8_t address4[4];  /* the sender's own address towards the test IPs, for heartbeats that they reflect; */
	uint8_t address6[16]; /* zero: it has none */
};

enum heartbeat_reject {
	HEARTBEAT_OK = 0,
	REJECT_SHORT,    /* less than a header, or than its own length says */
	REJECT_LENGTH,   /* the length it states cannot be */
	REJECT_MAGIC,    /* not hamon's */
	REJECT_VERSION,  /* version 0, or one that dropped fields */
	REJECT_CLUSTER,  /* another cluster's */
	REJECT_KEY,      /* this cluster's, but the MAC does not verify: the key differs, or it is forged */
	REJECT_OWN_ECHO, /* our own frame came back */
	REJECT_FIELD,    /* verified, yet a field holds what no hamon sends */
	REJECT_OLD_BOOT, /* verified, from before the peer's last restart: a replay */
	REJECT_REPLAY,   /* verified, sequence not newer: a replay, or the copy from another link */
	REJECT__COUNT,
};

/* A short name for status, log and metrics, such as "wrong-key". */
const char *heartbeat_reject_name(enum heartbeat_reject reason);

/* Writes the HEARTBEAT_LEN bytes of a version 1 heartbeat to out, the last HEARTBEAT_MAC_LEN of them zero: auth_seal()
 * fills them. */
void heartbeat_pack(const struct heartbeat *hb, uint8_t out[static HEARTBEAT_LEN]);

/* What can be known before the MAC is verified. On HEARTBEAT_OK, *len is the heartbeat's own length (what follows is
 * padding), MAC included; the header's cluster, sender, key are in *cluster, *sender, *key. Outputs are untouched
 * otherwise. Frames longer than version 1's are a later version's: their known part is read, the rest is covered by the MAC
 * and ignored. */
enum heartbeat_reject heartbeat_peek(const uint8_t *frame, size_t frame_len, size_t *len, uint32_t *cluster,
				     uint8_t *sender, uint8_t *key);

/* Unpacks a frame that heartbeat_peek() accepted and whose MAC was verified. HEARTBEAT_OK or REJECT_FIELD. */
enum heartbeat_reject heartbeat_unpack(const uint8_t *frame, size_t len, struct heartbeat *hb);

#endif
