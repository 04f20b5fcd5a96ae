/* Who said it: key derivation against RFC 5869 and by hand, the judgement of every kind of frame, the key's file, and the
 * worked example of docs/PROTOCOL.md, byte for byte. */
#include "hamon/auth.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SELF = 1, PEER = 0, LATER_LEN = HEARTBEAT_LEN + 24, ETHERNET = 14, LINE = 1024 };

static const char *const nodes[2] = {"ha1", "ha2"};
static const char cluster[] = "edge";

/* The inputs of the worked example; the pre-shared key is 00 01 02 .. 1f. */
static const struct heartbeat example = {
	.mark = MARK_RENEW,
	.sender = PEER,
	.boot = 1755568811,
	.seq = 918223,
	.seen = 42,
	.lease = true,
	.echo_boot = 1755568790,
	.echo_seq = 918101,
	.cover_us = 465000,
	.interval_us = 38000,
	.fitness = 100,
	.reflected = true,
	.digest = 0x5d0c3b7a91e24f68,
	.loaded = 1755568811,
	.sent_us = 36021440519,
	.echo_age_us = 12345,
	.address4 = {192, 0, 2, 11},
	.address6 = {0x20, 0x01, 0x0d, 0xb8, [15] = 0x11},
};

static void count_up(uint8_t *out, size_t len, uint8_t first) {
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)(first + i);
}

static struct auth auth_of(const char *cluster_name, uint8_t first_key_byte) {
	uint8_t psk[AUTH_KEY];
	count_up(psk, sizeof(psk), first_key_byte);
	struct auth auth;
	cr_assert_eq(auth_init(&auth, psk, cluster_name, nodes), 0);
	return auth;
}

/* The example as that node of that cluster would send it. */
static void seal(struct auth *auth, const char *cluster_name, unsigned sender, uint8_t *frame) {
	struct heartbeat hb = example;
	hb.cluster = auth_cluster_tag(cluster_name);
	hb.sender = (uint8_t)sender;
	heartbeat_pack(&hb, frame);
	cr_assert_eq(auth_seal(auth, sender, frame, HEARTBEAT_LEN), 0);
}

/* Judged by node SELF of cluster "edge". */
static enum heartbeat_reject judge(struct auth *auth, const uint8_t *frame, size_t len) {
	struct heartbeat out = {.want = 77};
	enum heartbeat_reject reason = auth_open(auth, SELF, auth_cluster_tag(cluster), frame, len, &out);
	if (reason != HEARTBEAT_OK)
		cr_assert_eq(out.want, 77, "the output was touched");
	else
		cr_assert(out.seq == example.seq && out.boot == example.boot && out.lease == example.lease);
	return reason;
}

static void hex(char *out, const uint8_t *bytes, size_t len) {
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < len; i++) {
		out[2 * i] = digits[bytes[i] >> 4];
		out[2 * i + 1] = digits[bytes[i] & 0xf];
	}
	out[2 * len] = '\0';
}

/* ---- keys ---- */

Test(auth, hkdf_as_rfc_5869_says) {
	/* Test cases 1 and 3 of appendix A. */
	static const struct {
		size_t salt_len, info_len;
		const char *okm;
	} cases[] = {
		{13, 10, "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"},
		{0, 0, "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"},
	};
	uint8_t ikm[22], salt[13], info[10], okm[42];
	memset(ikm, 0x0b, sizeof(ikm));
	count_up(salt, sizeof(salt), 0x00);
	count_up(info, sizeof(info), 0xf0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[2 * sizeof(okm) + 1];
		cr_assert_eq(auth_hkdf((struct auth_bytes){ikm, sizeof(ikm)}, (struct auth_bytes){salt, cases[i].salt_len},
				       (struct auth_bytes){info, cases[i].info_len}, okm, sizeof(okm)),
			     0);
		hex(text, okm, sizeof(okm));
		cr_assert_str_eq(text, cases[i].okm, "case %zu", i);
	}
}

/* HKDF written out by hand: PRK = HMAC(salt, psk); the key is HMAC(PRK, info 0x01). */
static void key_by_hand(const char *node, uint8_t key[static SHA256_DIGEST_LENGTH]) {
	uint8_t psk[AUTH_KEY], prk[SHA256_DIGEST_LENGTH];
	unsigned len = 0;
	count_up(psk, sizeof(psk), 0);
	cr_assert_not_null(HMAC(EVP_sha256(), cluster, (int)strlen(cluster), psk, sizeof(psk), prk, &len));
	uint8_t info[64];
	int info_len = snprintf((char *)info, sizeof(info), "hamon heartbeat 1%c%s%c", 0, node, 1);
	cr_assert_not_null(HMAC(EVP_sha256(), prk, sizeof(prk), info, (size_t)info_len, key, &len));
}

Test(auth, the_mac_is_the_one_the_protocol_describes) {
	struct auth auth = auth_of(cluster, 0);
	for (unsigned sender = 0; sender < 2; sender++) {
		uint8_t frame[HEARTBEAT_LEN], key[SHA256_DIGEST_LENGTH], mac[SHA256_DIGEST_LENGTH];
		unsigned len = 0;
		seal(&auth, cluster, sender, frame);
		key_by_hand(nodes[sender], key);
		cr_assert_not_null(
			HMAC(EVP_sha256(), key, sizeof(key), frame, HEARTBEAT_LEN - HEARTBEAT_MAC_LEN, mac, &len));
		cr_assert_arr_eq(frame + HEARTBEAT_LEN - HEARTBEAT_MAC_LEN, mac, HEARTBEAT_MAC_LEN);
	}
	auth_fini(&auth);
}

Test(auth, the_tag_is_the_digest_of_the_name) {
	static const char text[] = "hamon cluster edge";
	uint8_t digest[SHA256_DIGEST_LENGTH];
	SHA256((const uint8_t *)text, strlen(text), digest);
	uint32_t tag = auth_cluster_tag("edge");
	for (int i = 0; i < 4; i++)
		cr_assert_eq((uint8_t)(tag >> (24 - 8 * i)), digest[i]);
	cr_assert_neq(tag, auth_cluster_tag("core"));
}

/* ---- frames ---- */

Test(auth, the_peer_is_believed_with_and_without_padding) {
	struct auth auth = auth_of(cluster, 0);
	uint8_t frame[HEARTBEAT_MAX];
	memset(frame, 0xa5, sizeof(frame));
	seal(&auth, cluster, PEER, frame);
	for (size_t len = HEARTBEAT_LEN; len <= sizeof(frame); len++)
		cr_assert_eq(judge(&auth, frame, len), HEARTBEAT_OK, "%zu bytes", len);
	auth_fini(&auth);
}

Test(auth, a_frame_cut_off_anywhere_is_short) {
	struct auth auth = auth_of(cluster, 0);
	uint8_t frame[HEARTBEAT_LEN];
	seal(&auth, cluster, PEER, frame);
	for (size_t len = 0; len < HEARTBEAT_LEN; len++)
		cr_assert_eq(judge(&auth, frame, len), REJECT_SHORT, "%zu bytes", len);
	auth_fini(&auth);
}

Test(auth, no_bit_can_be_changed) {
	struct auth auth = auth_of(cluster, 0);
	uint8_t frame[HEARTBEAT_LEN];
	seal(&auth, cluster, PEER, frame);
	for (size_t bit = 0; bit < 8 * (size_t)HEARTBEAT_LEN; bit++) {
		frame[bit / 8] ^= (uint8_t)(1U << (bit % 8));
		enum heartbeat_reject reason = judge(&auth, frame, sizeof(frame));
		cr_assert_neq(reason, HEARTBEAT_OK, "bit %zu", bit);
		if (bit / 8 >= 10) /* past what is looked at before the MAC */
			cr_assert_eq(reason, REJECT_KEY, "bit %zu: %s", bit, heartbeat_reject_name(reason));
		frame[bit / 8] ^= (uint8_t)(1U << (bit % 8));
	}
	cr_assert_eq(judge(&auth, frame, sizeof(frame)), HEARTBEAT_OK);
	auth_fini(&auth);
}

/* Who sealed it, and what was changed before (sealed) or behind (forged) its back. */
struct stranger {
	const char *what;
	const char *cluster;
	uint8_t first_key_byte;
	unsigned sender;
	size_t at; /* a byte to be overwritten; 0: none */
	uint8_t value;
	bool sealed_again;
	enum heartbeat_reject reason;
};

static const struct stranger strangers[] = {
	{"the peer", "edge", 0, PEER, 0, 0, false, HEARTBEAT_OK},
	{"ourselves", "edge", 0, SELF, 0, 0, false, REJECT_OWN_ECHO},
	{"a forged echo", "edge", 0, SELF, 90, 1, false, REJECT_KEY},
	{"the peer, with another key", "edge", 1, PEER, 0, 0, false, REJECT_KEY},
	{"a node of our name, with another key", "edge", 1, SELF, 0, 0, false, REJECT_KEY},
	{"another cluster", "core", 1, PEER, 0, 0, false, REJECT_CLUSTER},
	{"another cluster that shares our key", "core", 0, PEER, 0, 0, false, REJECT_CLUSTER},
	{"our frame under the peer's name", "edge", 0, SELF, 10, PEER, false, REJECT_KEY},
	{"the peer's frame under our name", "edge", 0, PEER, 10, SELF, false, REJECT_KEY},
	{"a third node", "edge", 0, PEER, 10, 2, false, REJECT_KEY},
	{"a key number that we do not have", "edge", 0, PEER, 11, 1, true, REJECT_KEY},
	{"the peer, with an unknown mark", "edge", 0, PEER, 3, 3, true, REJECT_FIELD},
	{"the peer, with flags of a later version", "edge", 0, PEER, 12, 0x80, true, HEARTBEAT_OK},
	{"not hamon", "edge", 0, PEER, 1, 0, true, REJECT_MAGIC},
	{"version 0", "edge", 0, PEER, 2, 0, true, REJECT_VERSION},
	{"a length that cannot be", "edge", 0, PEER, 8, 0xff, true, REJECT_LENGTH},
};

Test(auth, each_stranger_is_told_apart) {
	struct auth ours = auth_of(cluster, 0);
	for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++) {
		const struct stranger *s = &strangers[i];
		struct auth theirs = auth_of(s->cluster, s->first_key_byte);
		uint8_t frame[HEARTBEAT_LEN];
		seal(&theirs, s->cluster, s->sender, frame);
		if (s->at)
			frame[s->at] = s->value;
		if (s->sealed_again)
			cr_assert_eq(auth_seal(&theirs, s->sender, frame, sizeof(frame)), 0);
		enum heartbeat_reject reason = judge(&ours, frame, sizeof(frame));
		cr_assert_eq(reason, s->reason, "%s: %s", s->what, heartbeat_reject_name(reason));
		auth_fini(&theirs);
	}
	auth_fini(&ours);
}

/* Same tag (which proves nothing), same key, yet another cluster's name. */
Test(auth, a_key_is_bound_to_its_cluster) {
	struct auth ours = auth_of(cluster, 0), theirs = auth_of("core", 0);
	uint8_t frame[HEARTBEAT_LEN];
	seal(&theirs, cluster, PEER, frame);
	cr_assert_eq(judge(&ours, frame, sizeof(frame)), REJECT_KEY);
	auth_fini(&ours);
	auth_fini(&theirs);
}

Test(auth, a_later_version_is_believed_and_covered_whole) {
	struct auth auth = auth_of(cluster, 0);
	uint8_t frame[LATER_LEN];
	seal(&auth, cluster, PEER, frame);
	frame[2] = 2;
	frame[9] = LATER_LEN;
	count_up(frame + HEARTBEAT_LEN - HEARTBEAT_MAC_LEN, LATER_LEN - HEARTBEAT_LEN, 0xc0);
	cr_assert_eq(auth_seal(&auth, PEER, frame, sizeof(frame)), 0);
	cr_assert_eq(judge(&auth, frame, sizeof(frame)), HEARTBEAT_OK);
	for (size_t at = 10; at < sizeof(frame); at++) {
		frame[at] ^= 0x40;
		cr_assert_eq(judge(&auth, frame, sizeof(frame)), REJECT_KEY, "byte %zu", at);
		frame[at] ^= 0x40;
	}
	auth_fini(&auth);
}

Test(auth, frames_take_no_memory_for_good) {
	struct auth auth = auth_of(cluster, 0);
	uint8_t frame[HEARTBEAT_LEN];
	seal(&auth, cluster, PEER, frame);
	cr_assert_eq(judge(&auth, frame, sizeof(frame)), HEARTBEAT_OK);
	size_t used = mallinfo2().uordblks, heap = mallinfo2().arena;
	for (int i = 0; i < 1000; i++) {
		seal(&auth, cluster, PEER, frame);
		cr_assert_eq(judge(&auth, frame, sizeof(frame)), HEARTBEAT_OK);
	}
	cr_assert_eq(mallinfo2().uordblks, used);
	cr_assert_eq(mallinfo2().arena, heap);
	auth_fini(&auth);
}

/* ---- the key's file ---- */

#define DIGITS_32 "00112233445566778899aabbccddeeff"

Test(auth, a_key_is_64_digits_and_nothing_else) {
	static const struct {
		const char *text;
		int result;
	} cases[] = {
		{DIGITS_32 DIGITS_32 "\n", 0},
		{DIGITS_32 DIGITS_32, 0},
		{"00112233445566778899AABBCCDDEEFF" DIGITS_32 "\n", 0},
		{"", -EINVAL},
		{"\n", -EINVAL},
		{"correct horse battery staple\n", -EINVAL},
		{DIGITS_32 "\n", -EINVAL},
		{DIGITS_32 DIGITS_32 "0", -EINVAL},
		{DIGITS_32 DIGITS_32 "\n\n", -EINVAL},
		{DIGITS_32 DIGITS_32 "\r\n", -EINVAL},
		{" " DIGITS_32 DIGITS_32, -EINVAL},
		{"0x" DIGITS_32 DIGITS_32, -EINVAL},
		{"g0112233445566778899aabbccddeeff" DIGITS_32 "\n", -EINVAL},
		{DIGITS_32 "00112233445566778899aabbccddeef:\n", -EINVAL},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t key[AUTH_KEY], before[AUTH_KEY];
		memset(key, 0x5a, sizeof(key));
		memcpy(before, key, sizeof(key));
		cr_assert_eq(auth_key_parse(cases[i].text, strlen(cases[i].text), key), cases[i].result, "case %zu", i);
		if (cases[i].result < 0)
			cr_assert_arr_eq(key, before, sizeof(key));
		else
			cr_assert(key[0] == 0x00 && key[1] == 0x11 && key[15] == 0xff && key[31] == 0xff);
	}
}

static char folder[] = "/tmp/hamon-key-XXXXXX";
static char path[sizeof(folder) + sizeof("/psk")];

static void make_folder(void) {
	cr_assert_not_null(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/psk", folder);
}

static void remove_folder(void) {
	unlink(path);
	rmdir(folder);
}

static void write_key_file(const char *text, mode_t mode) {
	unlink(path);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	cr_assert_geq(fd, 0, "%m");
	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	cr_assert_eq(fchmod(fd, mode), 0);
	close(fd);
}

Test(auth, a_key_file_must_be_a_secret, .init = make_folder, .fini = remove_folder) {
	static const struct {
		const char *text;
		mode_t mode;
		int result;
	} cases[] = {
		{DIGITS_32 DIGITS_32 "\n", 0600, 0},       {DIGITS_32 DIGITS_32 "\n", 0400, 0},
		{DIGITS_32 DIGITS_32 "\n", 0640, -EPERM},  {DIGITS_32 DIGITS_32 "\n", 0604, -EPERM},
		{DIGITS_32 DIGITS_32 "\n", 0620, -EPERM},  {"too short\n", 0600, -EINVAL},
		{DIGITS_32 DIGITS_32 "00", 0600, -EINVAL}, {"", 0600, -EINVAL},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t key[AUTH_KEY];
		write_key_file(cases[i].text, cases[i].mode);
		cr_assert_eq(auth_key_load(path, key), cases[i].result, "case %zu", i);
	}
}

Test(auth, what_is_no_file_is_no_key, .init = make_folder, .fini = remove_folder) {
	uint8_t key[AUTH_KEY];
	cr_assert_eq(auth_key_load(path, key), -ENOENT);
	cr_assert_str_eq(auth_key_reason(-ENOENT), strerror(ENOENT));
	cr_assert_eq(auth_key_load(folder, key), -EINVAL);
	cr_assert_eq(mkfifo(path, 0600), 0);
	cr_assert_eq(auth_key_load(path, key), -EINVAL, "and it does not hang");
	cr_assert_str_neq(auth_key_reason(-EINVAL), strerror(EINVAL));
	cr_assert_str_neq(auth_key_reason(-EPERM), strerror(EPERM));
}

Test(auth, a_generated_key_is_loaded_and_differs_from_the_next, .init = make_folder, .fini = remove_folder) {
	char text[2][AUTH_KEY_TEXT];
	uint8_t key[2][AUTH_KEY];
	for (int i = 0; i < 2; i++) {
		cr_assert_eq(auth_key_generate(text[i]), 0);
		cr_assert_eq(strlen(text[i]), AUTH_KEY_TEXT - 1);
		write_key_file(text[i], 0600);
		cr_assert_eq(auth_key_load(path, key[i]), 0);
		char again[AUTH_KEY_TEXT];
		hex(again, key[i], AUTH_KEY);
		cr_assert_eq(strncmp(again, text[i], 2 * (size_t)AUTH_KEY), 0);
	}
	cr_assert_arr_neq(key[0], key[1], AUTH_KEY);
}

/* ---- the protocol's page ---- */

/* The example's whole Ethernet frame. */
static void example_frame(uint8_t frame[static ETHERNET + HEARTBEAT_LEN]) {
	static const uint8_t header[ETHERNET] = {0x03, 0x48, 0x41, 0x4d, 0x4f, 0x4e, 0x00,
						 0x00, 0x5e, 0x00, 0x53, 0x01, 0x88, 0xb5};
	struct auth auth = auth_of(cluster, 0);
	memcpy(frame, header, sizeof(header));
	seal(&auth, cluster, PEER, frame + ETHERNET);
	auth_fini(&auth);
}

/* Reads up to `max` bytes of two hexadecimal digits, one blank between them allowed; returns how many. */
static size_t unhex(const char *text, uint8_t *out, size_t max) {
	for (size_t n = 0; n < max; n++) {
		text += *text == ' ';
		char digits[3] = {0}, *end;
		strncat(digits, text, 2);
		out[n] = (uint8_t)strtoul(digits, &end, 16);
		if (end != digits + 2)
			return n;
		text += 2;
	}
	return max;
}

static FILE *open_page(void) {
	FILE *page = fopen("docs/PROTOCOL.md", "re");
	cr_assert_not_null(page, "run the tests in the project's folder");
	return page;
}

/* A line of a dump, "0x0010:  0101 4d65 .. text": its bytes behind those that `dumped` has. Returns how many there are
 * then. */
static size_t take_dump(const char *line, uint8_t *dumped, size_t len) {
	char *end;
	unsigned long at = strtoul(line, &end, 16);
	if (strncmp(line, "\t0x", 3) != 0 || strncmp(end, ":  ", 3) != 0)
		return len;
	cr_assert_eq(at, len, "the dump lacks bytes before 0x%04lx", at);
	size_t left = ETHERNET + HEARTBEAT_LEN - len;
	return len + unhex(end + 3, dumped + len, left < 16 ? left : 16);
}

/* A field's row, "| at | size | name | `hex` | ..": compared with the heartbeat. Returns up to where it is described
 * then. */
static size_t take_row(const char *line, const uint8_t *heartbeat, size_t described) {
	char *end;
	unsigned long at = strtoul(line + 1, &end, 10);
	const char *bytes_text = strchr(line, '`');
	if (line[0] != '|' || end == line + 1 || !bytes_text)
		return described;
	unsigned long size = strtoul(end + 2, NULL, 10);
	cr_assert_eq(at, described, "the table lacks bytes before %lu", at);
	uint8_t bytes[HEARTBEAT_LEN];
	cr_assert_eq(unhex(bytes_text + 1, bytes, HEARTBEAT_LEN - at), size, "byte %lu", at);
	cr_assert_arr_eq(bytes, heartbeat + at, size, "byte %lu", at);
	return described + size;
}

/* The page's dump of the frame, its row for each field, and its derived values are what the code makes of its inputs. */
Test(auth, the_worked_example_is_true) {
	uint8_t frame[ETHERNET + HEARTBEAT_LEN], dumped[sizeof(frame)], key[SHA256_DIGEST_LENGTH];
	char key_text[2 * sizeof(key) + 1], tag_text[2 * 4 + 1];
	example_frame(frame);
	key_by_hand(nodes[PEER], key);
	hex(key_text, key, sizeof(key));
	hex(tag_text, frame + ETHERNET + 4, 4);

	FILE *page = open_page();
	size_t dumped_len = 0, described = 0;
	bool key_found = false, tag_found = false;
	char line[LINE];
	while (fgets(line, sizeof(line), page)) {
		key_found |= strstr(line, key_text) != NULL;
		tag_found |= strstr(line, tag_text) != NULL;
		dumped_len = take_dump(line, dumped, dumped_len);
		described = take_row(line, frame + ETHERNET, described);
	}
	(void)fclose(page);
	cr_assert(key_found, "the sender's key is %s", key_text);
	cr_assert(tag_found, "the cluster's tag is %s", tag_text);
	cr_assert_eq(dumped_len, sizeof(frame));
	cr_assert_arr_eq(dumped, frame, sizeof(frame));
	cr_assert_eq(described, HEARTBEAT_LEN);
}

Test(auth, every_reason_is_explained) {
	for (int reason = HEARTBEAT_OK + 1; reason < REJECT__COUNT; reason++) {
		FILE *page = open_page();
		char line[LINE], row[32];
		(void)snprintf(row, sizeof(row), "| `%s` |", heartbeat_reject_name((enum heartbeat_reject)reason));
		bool found = false;
		while (!found && fgets(line, sizeof(line), page))
			found = strncmp(line, row, strlen(row)) == 0;
		(void)fclose(page);
		cr_assert(found, "%s", row);
	}
}
