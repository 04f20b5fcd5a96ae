/* The heartbeat's format: where each field stands, what is refused and by which name, what later versions may do. */
#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

#include "hamon/wire/heartbeat.h"

enum { FRAME_MAX = HEARTBEAT_MAX + 64, LATER_LEN = HEARTBEAT_LEN + 24 };
#define EPOCH_MAX ((UINT64_C(1) << 62) - 1)

/* Every field differs from every other, so that two swapped ones show. */
static const struct heartbeat sample = {
	.mark = MARK_RENEW,
	.cluster = 0x01020304,
	.sender = 1,
	.key = 5,
	.boot = 0x1112131415161718,
	.seq = 0x2122232425262728,
	.seen = 0x3132333435363738,
	.lease = true,
	.offer = true,
	.reflected = true,
	.echo_boot = 0x4142434445464748,
	.echo_seq = 0x5152535455565758,
	.want = 0x6162636465666768,
	.rel = 0x7172737475767778,
	.cover_us = 0x00818283,
	.interval_us = 0x00091923,
	.fitness = 97,
	.digest = 0x9192939495969798,
	.loaded = 0xa1a2a3a4a5a6a7a8,
	.sent_us = 0xb1b2b3b4b5b6b7b8,
	.echo_age_us = 0xc1c2c3c4,
	.address4 = {0xd1, 0xd2, 0xd3, 0xd4},
	.address6 = {0xe1, 0xe2, 0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8},
};

/* A part of a frame, as docs/PROTOCOL.md has it. */
struct part {
	size_t at, size;
	uint64_t value;
};

static void put(uint8_t *frame, const struct part *part) {
	for (size_t i = 0; i < part->size; i++)
		frame[part->at + i] = (uint8_t)(part->value >> (8 * (part->size - 1 - i)));
}

static uint64_t get(const uint8_t *frame, size_t at, size_t size) {
	uint64_t value = 0;
	for (size_t i = 0; i < size; i++)
		value = value << 8 | frame[at + i];
	return value;
}

/* What heartbeat_peek() tells, with values that it would not. */
struct peeked {
	size_t len;
	uint32_t cluster;
	uint8_t sender, key;
};
static const struct peeked unset = {.len = 1, .cluster = 2, .sender = 3, .key = 4};

static enum heartbeat_reject peek(const uint8_t *frame, size_t len, struct peeked *out) {
	*out = unset;
	return heartbeat_peek(frame, len, &out->len, &out->cluster, &out->sender, &out->key);
}

static void assert_unset(const struct peeked *out, const char *what) {
	cr_assert(out->len == unset.len && out->cluster == unset.cluster && out->sender == unset.sender &&
			  out->key == unset.key,
		  "%s: outputs were touched", what);
}

static void assert_same(const struct heartbeat *a, const struct heartbeat *b) {
	cr_assert_eq(a->mark, b->mark);
	cr_assert_eq(a->cluster, b->cluster);
	cr_assert_eq(a->sender, b->sender);
	cr_assert_eq(a->key, b->key);
	cr_assert_eq(a->boot, b->boot);
	cr_assert_eq(a->seq, b->seq);
	cr_assert_eq(a->seen, b->seen);
	cr_assert_eq(a->lease, b->lease);
	cr_assert_eq(a->deaf, b->deaf);
	cr_assert_eq(a->leaving, b->leaving);
	cr_assert_eq(a->offer, b->offer);
	cr_assert_eq(a->unheard, b->unheard);
	cr_assert_eq(a->reflected, b->reflected);
	cr_assert_eq(a->echo_boot, b->echo_boot);
	cr_assert_eq(a->echo_seq, b->echo_seq);
	cr_assert_eq(a->want, b->want);
	cr_assert_eq(a->rel, b->rel);
	cr_assert_eq(a->cover_us, b->cover_us);
	cr_assert_eq(a->interval_us, b->interval_us);
	cr_assert_eq(a->fitness, b->fitness);
	cr_assert_eq(a->digest, b->digest);
	cr_assert_eq(a->loaded, b->loaded);
	cr_assert_eq(a->sent_us, b->sent_us);
	cr_assert_eq(a->echo_age_us, b->echo_age_us);
	cr_assert_arr_eq(a->address4, b->address4, sizeof(a->address4));
	cr_assert_arr_eq(a->address6, b->address6, sizeof(a->address6));
}

Test(wire_heartbeat, each_field_stands_where_the_protocol_says) {
	static const struct part layout[] = {
		{0, 2, 0x484d},
		{2, 1, HEARTBEAT_VERSION},
		{3, 1, MARK_RENEW},
		{4, 4, 0x01020304},
		{8, 2, HEARTBEAT_LEN},
		{10, 1, 1},
		{11, 1, 5},
		{12, 4, 1 | 8 | 32},
		{16, 8, 0x1112131415161718},
		{24, 8, 0x2122232425262728},
		{32, 8, 0x3132333435363738},
		{40, 8, 0x4142434445464748},
		{48, 8, 0x5152535455565758},
		{56, 8, 0x6162636465666768},
		{64, 8, 0x7172737475767778},
		{72, 4, 0x00818283},
		{76, 4, 0x00091923},
		{80, 2, 97},
		{82, 2, 0},
		{84, 8, 0x9192939495969798},
		{92, 8, 0xa1a2a3a4a5a6a7a8},
		{100, 8, 0xb1b2b3b4b5b6b7b8},
		{108, 4, 0xc1c2c3c4},
		{112, 4, 0xd1d2d3d4},
		{116, 8, 0xe1e2e3e4e5e6e7e8},
		{124, 8, 0xf1f2f3f4f5f6f7f8},
		{132, 8, 0},
		{140, 8, 0},
	};
	uint8_t frame[HEARTBEAT_LEN];
	memset(frame, 0xee, sizeof(frame));
	heartbeat_pack(&sample, frame);
	size_t covered = 0;
	for (size_t i = 0; i < sizeof(layout) / sizeof(layout[0]); i++) {
		const struct part *part = &layout[i];
		cr_assert_eq(part->at, covered, "a gap before byte %zu", part->at);
		cr_assert_eq(get(frame, part->at, part->size), part->value, "byte %zu", part->at);
		covered += part->size;
	}
	cr_assert_eq(covered, HEARTBEAT_LEN);
}

Test(wire_heartbeat, what_is_packed_is_unpacked) {
	static const struct {
		enum heartbeat_mark mark;
		bool lease, deaf, leaving, offer, unheard, reflected;
		uint64_t seen, echo_boot, echo_seq, rel;
	} cases[] = {
		{MARK_PLAIN, false, false, false, false, false, false, 0, 0, 0, 0},
		{MARK_PLAIN, true, false, false, false, false, false, 1, 0, 0, 0},
		{MARK_PLAIN, false, true, false, false, false, false, 7, 0, 0, 0},
		{MARK_PLAIN, false, false, true, false, false, false, 8, 9, 10, 0},
		{MARK_PLAIN, false, false, false, true, false, false, EPOCH_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX},
		{MARK_PLAIN, false, false, false, false, true, false, 2, 3, 4, 0},
		{MARK_PLAIN, false, false, false, false, false, true, 5, 6, 7, 0},
		{MARK_PLAIN, false, true, false, false, true, true, 7, 0, 0, 0},
		{MARK_RENEW, true, false, false, true, true, true, 11, 12, 13, 14},
		{MARK_GRANT, false, false, false, false, false, false, 15, 16, 17, 18},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct heartbeat in = sample, out;
		in.mark = cases[i].mark;
		in.lease = cases[i].lease;
		in.deaf = cases[i].deaf;
		in.leaving = cases[i].leaving;
		in.offer = cases[i].offer;
		in.unheard = cases[i].unheard;
		in.reflected = cases[i].reflected;
		in.seen = cases[i].seen;
		in.echo_boot = cases[i].echo_boot;
		in.echo_seq = cases[i].echo_seq;
		in.rel = cases[i].rel;
		uint8_t frame[HEARTBEAT_LEN];
		heartbeat_pack(&in, frame);
		struct peeked head;
		cr_assert_eq(peek(frame, sizeof(frame), &head), HEARTBEAT_OK, "case %zu", i);
		cr_assert(head.len == HEARTBEAT_LEN && head.cluster == in.cluster && head.sender == in.sender &&
			  head.key == in.key);
		cr_assert_eq(heartbeat_unpack(frame, head.len, &out), HEARTBEAT_OK, "case %zu", i);
		assert_same(&in, &out);
	}
}

Test(wire_heartbeat, padding_behind_it_is_ignored) {
	uint8_t frame[FRAME_MAX];
	memset(frame, 0xff, sizeof(frame));
	heartbeat_pack(&sample, frame);
	for (size_t len = HEARTBEAT_LEN; len <= sizeof(frame); len++) {
		struct peeked head;
		cr_assert_eq(peek(frame, len, &head), HEARTBEAT_OK);
		cr_assert_eq(head.len, HEARTBEAT_LEN);
	}
}

Test(wire_heartbeat, cut_off_anywhere_it_is_short) {
	uint8_t frame[HEARTBEAT_LEN];
	heartbeat_pack(&sample, frame);
	for (size_t len = 0; len < HEARTBEAT_LEN; len++) {
		struct peeked head;
		cr_assert_eq(peek(frame, len, &head), REJECT_SHORT, "%zu bytes", len);
		assert_unset(&head, "short");
	}
}

Test(wire_heartbeat, what_cannot_be_read_is_refused_by_name) {
	static const struct {
		const char *what;
		struct part edit[2];
		size_t len; /* what came in; 0: as long as version 1 */
		enum heartbeat_reject reason;
	} cases[] = {
		{"another protocol on our EtherType", {{0, 2, 0x4d48}}, 0, REJECT_MAGIC},
		{"nothing but zeros", {{0, 8, 0}}, 0, REJECT_MAGIC},
		{"version 0", {{2, 1, 0}}, 0, REJECT_VERSION},
		{"version 0, however long", {{2, 1, 0}, {8, 2, 200}}, 200, REJECT_VERSION},
		{"a later version that dropped fields", {{2, 1, 2}, {8, 2, HEARTBEAT_LEN - 1}}, 0, REJECT_VERSION},
		{"a later version of no length", {{2, 1, 255}, {8, 2, 0}}, 0, REJECT_VERSION},
		{"length 0", {{8, 2, 0}}, 0, REJECT_LENGTH},
		{"one byte less than version 1 has", {{8, 2, HEARTBEAT_LEN - 1}}, 0, REJECT_LENGTH},
		{"one byte more than any may have", {{8, 2, HEARTBEAT_MAX + 1}}, FRAME_MAX, REJECT_LENGTH},
		{"the largest length", {{8, 2, UINT16_MAX}}, FRAME_MAX, REJECT_LENGTH},
		{"less than its length says", {{8, 2, HEARTBEAT_LEN + 1}}, 0, REJECT_SHORT},
		{"a later version, cut off", {{2, 1, 2}, {8, 2, LATER_LEN}}, LATER_LEN - 1, REJECT_SHORT},
		{"a later version", {{2, 1, 2}, {8, 2, LATER_LEN}}, LATER_LEN, HEARTBEAT_OK},
		{"a later version that appended nothing", {{2, 1, 2}}, 0, HEARTBEAT_OK},
		{"the last version, as long as may be", {{2, 1, 255}, {8, 2, HEARTBEAT_MAX}}, HEARTBEAT_MAX, HEARTBEAT_OK},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t frame[FRAME_MAX] = {0};
		heartbeat_pack(&sample, frame);
		for (size_t e = 0; e < 2; e++)
			put(frame, &cases[i].edit[e]);
		struct peeked head;
		enum heartbeat_reject reason = peek(frame, cases[i].len ? cases[i].len : HEARTBEAT_LEN, &head);
		cr_assert_eq(reason, cases[i].reason, "%s: %s", cases[i].what, heartbeat_reject_name(reason));
		if (reason != HEARTBEAT_OK)
			assert_unset(&head, cases[i].what);
	}
}

Test(wire_heartbeat, a_later_version_is_read_as_far_as_it_is_known) {
	static const struct part later[] = {
		{2, 1, 2},                           /* version 2 */
		{8, 2, LATER_LEN},                   /* with fields behind ours, */
		{12, 4, 0xffffffc0 | 1},             /* flags that we do not know, */
		{82, 2, 0xffff},                     /* a use for the spare bytes, */
		{HEARTBEAT_LEN - 16, 8, UINT64_MAX}, /* and its own fields where our MAC was */
		{HEARTBEAT_LEN - 8, 8, UINT64_MAX},
	};
	uint8_t frame[LATER_LEN] = {0};
	heartbeat_pack(&sample, frame);
	for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++)
		put(frame, &later[i]);
	struct peeked head;
	cr_assert_eq(peek(frame, sizeof(frame), &head), HEARTBEAT_OK);
	cr_assert_eq(head.len, sizeof(frame));
	struct heartbeat known = sample, out;
	known.offer = known.reflected = false;
	cr_assert_eq(heartbeat_unpack(frame, head.len, &out), HEARTBEAT_OK);
	assert_same(&known, &out);
}

Test(wire_heartbeat, what_no_hamon_says_is_a_bad_field) {
	static const struct {
		const char *what;
		struct part edit[2];
		enum heartbeat_reject reason;
	} cases[] = {
		{"an unknown mark", {{3, 1, 3}}, REJECT_FIELD},
		{"the largest mark", {{3, 1, 255}}, REJECT_FIELD},
		{"renew without a lease", {{12, 4, 0}}, REJECT_FIELD},
		{"grant by a node that is deaf", {{3, 1, 2}, {12, 4, 2}}, REJECT_FIELD},
		{"grant by a node that leaves", {{3, 1, 2}, {12, 4, 4}}, REJECT_FIELD},
		{"grant before any epoch", {{3, 1, 2}, {32, 8, 0}}, REJECT_FIELD},
		{"lease, and deaf", {{12, 4, 1 | 2}}, REJECT_FIELD},
		{"lease, and leaving", {{12, 4, 1 | 4}}, REJECT_FIELD},
		{"lease before any epoch", {{3, 1, 0}, {32, 8, 0}}, REJECT_FIELD},
		{"no boot number", {{16, 8, 0}}, REJECT_FIELD},
		{"no sequence number", {{24, 8, 0}}, REJECT_FIELD},
		{"an epoch out of bounds", {{32, 8, EPOCH_MAX + 1}}, REJECT_FIELD},
		{"the largest epoch", {{32, 8, UINT64_MAX}}, REJECT_FIELD},
		{"an echo of no boot", {{40, 8, 0}}, REJECT_FIELD},
		{"a boot number of which nothing was accepted", {{48, 8, 0}}, HEARTBEAT_OK},
		{"it covers less than an interval", {{72, 4, 19}, {76, 4, 1000}}, REJECT_FIELD},
		{"no interval", {{76, 4, 0}}, REJECT_FIELD},
		{"an interval under 1 ms", {{76, 4, 999}}, REJECT_FIELD},
		{"an interval over 10 s", {{72, 4, UINT32_MAX}, {76, 4, 10000001}}, REJECT_FIELD},
		{"more than fit", {{80, 2, 101}}, REJECT_FIELD},
		{"no echo", {{40, 8, 0}, {48, 8, 0}}, HEARTBEAT_OK},
		{"an interval of 1 ms", {{76, 4, 1000}}, HEARTBEAT_OK},
		{"an interval of 10 s", {{72, 4, 10000000}, {76, 4, 10000000}}, HEARTBEAT_OK},
		{"it covers just an interval", {{72, 4, 1000}, {76, 4, 1000}}, HEARTBEAT_OK},
		{"fit", {{80, 2, 100}}, HEARTBEAT_OK},
		{"unfit", {{80, 2, 0}}, HEARTBEAT_OK},
		{"a grant, with the lease said", {{3, 1, 2}}, HEARTBEAT_OK},
		{"the largest boot number", {{16, 8, UINT64_MAX}}, HEARTBEAT_OK},
		{"no digest is told", {{84, 8, 0}, {92, 8, 0}}, HEARTBEAT_OK},
		{"no addresses", {{112, 4, 0}, {116, 8, 0}}, HEARTBEAT_OK},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t frame[HEARTBEAT_LEN];
		heartbeat_pack(&sample, frame);
		for (size_t e = 0; e < 2; e++)
			put(frame, &cases[i].edit[e]);
		struct heartbeat out = {.want = 77};
		enum heartbeat_reject reason = heartbeat_unpack(frame, sizeof(frame), &out);
		cr_assert_eq(reason, cases[i].reason, "%s: %s", cases[i].what, heartbeat_reject_name(reason));
		if (reason != HEARTBEAT_OK)
			cr_assert_eq(out.want, 77, "%s: the output was touched", cases[i].what);
	}
}

Test(wire_heartbeat, our_own_nonsense_is_a_bug, .signal = SIGABRT) {
	struct heartbeat hb = sample;
	hb.lease = false; /* yet it would renew it */
	uint8_t frame[HEARTBEAT_LEN];
	heartbeat_pack(&hb, frame);
}

Test(wire_heartbeat, every_reason_has_a_name_of_its_own) {
	for (int a = 0; a < REJECT__COUNT; a++) {
		const char *name = heartbeat_reject_name((enum heartbeat_reject)a);
		cr_assert(name && *name, "reason %d", a);
		cr_assert_eq(strspn(name, "abcdefghijklmnopqrstuvwxyz-"), strlen(name), "%s", name);
		for (int b = 0; b < a; b++)
			cr_assert_str_neq(name, heartbeat_reject_name((enum heartbeat_reject)b));
	}
}
