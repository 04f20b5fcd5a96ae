/* The heartbeat's bytes, both ways: where each field stands, and what no hamon would ever say. Reads nothing outside the
 * frame it is given, believes nothing (auth.c), remembers nothing (core/peer.c). */
#include "hamon/wire/heartbeat.h"

#include <assert.h>
#include <string.h>

/* Offsets, network byte order. The kernel's egress rule reads the mark where it stands (byte 17 of an Ethernet frame), and
 * every version has the header at the same place, so none of these ever moves. */
enum {
	AT_MAGIC = 0,
	AT_VERSION = 2,
	AT_MARK = 3,
	AT_CLUSTER = 4,
	AT_LENGTH = 8,
	AT_SENDER = 10,
	AT_KEY = 11,
	HEADER_LEN = 12,
	AT_FLAGS = 12,
	AT_BOOT = 16,
	AT_SEQ = 24,
	AT_SEEN = 32,
	AT_ECHO_BOOT = 40,
	AT_ECHO_SEQ = 48,
	AT_WANT = 56,
	AT_REL = 64,
	AT_COVER = 72,
	AT_INTERVAL = 76,
	AT_FITNESS = 80,
	AT_SPARE = 82, /* two bytes, sent as zero, ignored */
	AT_DIGEST = 84,
	AT_LOADED = 92,
	AT_SENT = 100,
	AT_ECHO_AGE = 108,
	AT_ADDRESS4 = 112,
	AT_ADDRESS6 = 116,
	AT_MAC = 132, /* in version 1; always the last HEARTBEAT_MAC_LEN bytes of the length */
};
_Static_assert(AT_MAC + HEARTBEAT_MAC_LEN == HEARTBEAT_LEN, "the layout of version 1");

enum { FLAG_LEASE = 1, FLAG_DEAF = 2, FLAG_LEAVING = 4, FLAG_OFFER = 8, FLAG_UNHEARD = 16, FLAG_REFLECTED = 32 };

static const uint64_t seen_limit = UINT64_C(1) << 62; /* room to count on without ever overflowing */
enum { FITNESS_MAX = 100, INTERVAL_MIN_US = 1000, INTERVAL_MAX_US = 10 * 1000 * 1000 };

static const char *const reject_names[] = {
	[HEARTBEAT_OK] = "ok",          [REJECT_SHORT] = "short",           [REJECT_LENGTH] = "wrong-length",
	[REJECT_MAGIC] = "not-hamon",   [REJECT_VERSION] = "wrong-version", [REJECT_CLUSTER] = "other-cluster",
	[REJECT_KEY] = "wrong-key",     [REJECT_OWN_ECHO] = "own-echo",     [REJECT_FIELD] = "bad-field",
	[REJECT_OLD_BOOT] = "old-boot", [REJECT_REPLAY] = "replay",
};
_Static_assert(sizeof(reject_names) / sizeof(reject_names[0]) == REJECT__COUNT, "a name for every reason");

const char *heartbeat_reject_name(enum heartbeat_reject reason) {
	assert((unsigned)reason < REJECT__COUNT);
	return reject_names[reason];
}

/* ---- integers of `size` bytes in network byte order ---- */

static void put(uint8_t *out, unsigned size, uint64_t value) {
	while (size > 0) {
		out[--size] = (uint8_t)value;
		value >>= 8;
	}
}

static uint64_t get(const uint8_t *in, unsigned size) {
	uint64_t value = 0;
	for (unsigned i = 0; i < size; i++)
		value = value << 8 | in[i];
	return value;
}

/* What every hamon keeps to, of this version or a later one. Both sides hold themselves to it. */
static bool plausible(const struct heartbeat *hb) {
	if (hb->boot == 0 || hb->seq == 0 || hb->seen >= seen_limit)
		return false;
	if (hb->echo_boot == 0 && hb->echo_seq != 0)
		return false;
	if (hb->fitness > FITNESS_MAX || hb->interval_us < INTERVAL_MIN_US || hb->interval_us > INTERVAL_MAX_US)
		return false;
	if (hb->cover_us < hb->interval_us) /* it is several intervals; too small a one would let a peer claim too early */
		return false;
	if (hb->lease && (hb->deaf || hb->leaving || hb->seen == 0))
		return false;
	switch (hb->mark) {
	case MARK_PLAIN:
		return true;
	case MARK_RENEW:
		return hb->lease; /* and so neither deaf nor leaving */
	case MARK_GRANT:
		return !hb->deaf && !hb->leaving && hb->seen > 0;
	}
	return false; /* no mark of ours */
}

void heartbeat_pack(const struct heartbeat *hb, uint8_t out[static HEARTBEAT_LEN]) {
	assert(hb->sender <= 1 && plausible(hb));
	uint32_t flags = (hb->lease ? FLAG_LEASE : 0U) | (hb->deaf ? FLAG_DEAF : 0U) | (hb->leaving ? FLAG_LEAVING : 0U) |
			 (hb->offer ? FLAG_OFFER : 0U) | (hb->unheard ? FLAG_UNHEARD : 0U) |
			 (hb->reflected ? FLAG_REFLECTED : 0U);
	memset(out, 0, HEARTBEAT_LEN);
	put(out + AT_MAGIC, 2, HEARTBEAT_MAGIC);
	put(out + AT_VERSION, 1, HEARTBEAT_VERSION);
	put(out + AT_MARK, 1, hb->mark);
	put(out + AT_CLUSTER, 4, hb->cluster);
	put(out + AT_LENGTH, 2, HEARTBEAT_LEN);
	put(out + AT_SENDER, 1, hb->sender);
	put(out + AT_KEY, 1, hb->key);
	put(out + AT_FLAGS, 4, flags);
	put(out + AT_BOOT, 8, hb->boot);
	put(out + AT_SEQ, 8, hb->seq);
	put(out + AT_SEEN, 8, hb->seen);
	put(out + AT_ECHO_BOOT, 8, hb->echo_boot);
	put(out + AT_ECHO_SEQ, 8, hb->echo_seq);
	put(out + AT_WANT, 8, hb->want);
	put(out + AT_REL, 8, hb->rel);
	put(out + AT_COVER, 4, hb->cover_us);
	put(out + AT_INTERVAL, 4, hb->interval_us);
	put(out + AT_FITNESS, 2, hb->fitness);
	put(out + AT_DIGEST, 8, hb->digest);
	put(out + AT_LOADED, 8, hb->loaded);
	put(out + AT_SENT, 8, hb->sent_us);
	put(out + AT_ECHO_AGE, 4, hb->echo_age_us);
	memcpy(out + AT_ADDRESS4, hb->address4, sizeof hb->address4);
	memcpy(out + AT_ADDRESS6, hb->address6, sizeof hb->address6);
}

enum heartbeat_reject heartbeat_peek(const uint8_t *frame, size_t frame_len, size_t *len, uint32_t *cluster,
				     uint8_t *sender, uint8_t *key) {
	if (frame_len < HEADER_LEN)
		return REJECT_SHORT;
	if (get(frame + AT_MAGIC, 2) != HEARTBEAT_MAGIC)
		return REJECT_MAGIC;
	uint8_t version = frame[AT_VERSION];
	size_t stated = get(frame + AT_LENGTH, 2);
	if (version < HEARTBEAT_VERSION || (version > HEARTBEAT_VERSION && stated < HEARTBEAT_LEN))
		return REJECT_VERSION;
	if (stated < HEARTBEAT_LEN || stated > HEARTBEAT_MAX)
		return REJECT_LENGTH;
	if (frame_len < stated)
		return REJECT_SHORT;
	*len = stated;
	*cluster = (uint32_t)get(frame + AT_CLUSTER, 4);
	*sender = frame[AT_SENDER];
	*key = frame[AT_KEY];
	return HEARTBEAT_OK;
}

enum heartbeat_reject heartbeat_unpack(const uint8_t *frame, size_t len, struct heartbeat *hb) {
	assert(len >= HEARTBEAT_LEN && frame[AT_SENDER] <= 1);
	uint32_t flags = (uint32_t)get(frame + AT_FLAGS, 4);
	struct heartbeat in = {
		.mark = (enum heartbeat_mark)frame[AT_MARK],
		.cluster = (uint32_t)get(frame + AT_CLUSTER, 4),
		.sender = frame[AT_SENDER],
		.key = frame[AT_KEY],
		.boot = get(frame + AT_BOOT, 8),
		.seq = get(frame + AT_SEQ, 8),
		.seen = get(frame + AT_SEEN, 8),
		.lease = flags & FLAG_LEASE,
		.deaf = flags & FLAG_DEAF,
		.leaving = flags & FLAG_LEAVING,
		.offer = flags & FLAG_OFFER,
		.unheard = flags & FLAG_UNHEARD,
		.reflected = flags & FLAG_REFLECTED, /* the other bits are a later version's, to be ignored */
		.echo_boot = get(frame + AT_ECHO_BOOT, 8),
		.echo_seq = get(frame + AT_ECHO_SEQ, 8),
		.want = get(frame + AT_WANT, 8),
		.rel = get(frame + AT_REL, 8),
		.fitness = (uint16_t)get(frame + AT_FITNESS, 2),
		.cover_us = (uint32_t)get(frame + AT_COVER, 4),
		.interval_us = (uint32_t)get(frame + AT_INTERVAL, 4),
		.digest = get(frame + AT_DIGEST, 8),
		.loaded = get(frame + AT_LOADED, 8),
		.sent_us = get(frame + AT_SENT, 8),
		.echo_age_us = (uint32_t)get(frame + AT_ECHO_AGE, 4),
	};
	memcpy(in.address4, frame + AT_ADDRESS4, sizeof in.address4);
	memcpy(in.address6, frame + AT_ADDRESS6, sizeof in.address6);
	if (!plausible(&in))
		return REJECT_FIELD;
	*hb = in;
	return HEARTBEAT_OK;
}
