/* Who said it: the pre-shared key and its file, the keys derived from it, and the MAC over each heartbeat. auth_open() is
 * the whole judgement of a received frame; nothing in a frame is believed before its MAC is verified.
 *
 * Each node signs with a key of its own, HKDF-SHA-256 (RFC 5869) of the pre-shared key, bound to the cluster's and the
 * sender's name: a frame reflected to its sender, or carried into another cluster, verifies nowhere. */
#ifndef HAMON_AUTH_H
#define HAMON_AUTH_H

#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hamon/wire/heartbeat.h"

enum {
	AUTH_KEY = 32,                    /* bytes of the pre-shared key, and of a derived one */
	AUTH_KEY_TEXT = 2 * AUTH_KEY + 2, /* as its file holds it: hexadecimal digits, newline; and a NUL */
	AUTH_KEY_NUMBER = 0,              /* the only key number in use */
	AUTH_NAME = 64,                   /* a cluster's or node's name, NUL included */
};

struct auth {
	EVP_MAC_CTX *mac[2]; /* keyed, by the sender's parity */
};

/* node[]: the nodes' names by parity. Takes memory here and never again: sealing and verifying use what OpenSSL gives back
 * and takes again at once. 0, or -ENOMEM (OpenSSL gives no better reason; *auth is untouched). */
int auth_init(struct auth *auth, const uint8_t psk[static AUTH_KEY], const char *cluster, const char *const node[static 2]);
void auth_fini(struct auth *auth);

/* Fills the last HEARTBEAT_MAC_LEN of the len bytes (a whole heartbeat) with the sender's MAC over all that stands before.
 * 0 or -ENOMEM. */
int auth_seal(struct auth *auth, unsigned sender, uint8_t *frame, size_t len);

/* Judges what came in behind the Ethernet header, padding included. *out is set on HEARTBEAT_OK alone. Never
 * REJECT_OLD_BOOT or REJECT_REPLAY: those rest on what the peer said before, which is the core's knowledge. */
enum heartbeat_reject auth_open(struct auth *auth, unsigned self_parity, uint32_t cluster_tag, const uint8_t *frame,
				size_t frame_len, struct heartbeat *out);

/* The cluster's tag in every heartbeat: the first four bytes of SHA-256("hamon cluster " name), as a number. It tells
 * clusters on one wire apart and proves nothing. */
uint32_t auth_cluster_tag(const char *name);

/* HKDF-SHA-256 (RFC 5869, extract and expand) into out_len bytes. 0 or -ENOMEM. */
struct auth_bytes {
	const void *data;
	size_t len;
};
int auth_hkdf(struct auth_bytes secret, struct auth_bytes salt, struct auth_bytes info, uint8_t *out, size_t out_len);

/* ---- the key's file ---- */

/* Exactly 64 hexadecimal digits, and at most one newline behind them. 0 or -EINVAL. */
int auth_key_parse(const char *text, size_t len, uint8_t key[static AUTH_KEY]);

/* 0; -EPERM when somebody else than root or its owner, who must be us, may open the file; -EINVAL when it holds no key;
 * else open(2)'s or read(2)'s -errno. auth_key_reason() says it in words. */
int auth_key_load(const char *path, uint8_t key[static AUTH_KEY]);

/* A phrase that follows "PATH: ", for a failure of auth_key_load(). */
const char *auth_key_reason(int error);

/* A fresh key from the kernel's generator, as its file holds it. 0 or getrandom(2)'s -errno. */
int auth_key_generate(char text[static AUTH_KEY_TEXT]);

#endif
