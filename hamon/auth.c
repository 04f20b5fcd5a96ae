/* Keys and MACs, by OpenSSL. The formats are in wire/heartbeat.c, docs/PROTOCOL.md has a worked example; sequence numbers
 * and replays are the core's. */
#include "hamon/auth.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

static char digest_name[] = "SHA256"; /* OpenSSL's parameters are not const, though it only reads them */

/* ---- deriving keys ---- */

int auth_hkdf(struct auth_bytes secret, struct auth_bytes salt, struct auth_bytes info, uint8_t *out, size_t out_len) {
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest_name, 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)secret.data, secret.len),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)salt.data, salt.len),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)info.data, info.len),
		OSSL_PARAM_construct_end(),
	};
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, OSSL_KDF_NAME_HKDF, NULL);
	EVP_KDF_CTX *context = EVP_KDF_CTX_new(kdf);
	int derived = context ? EVP_KDF_derive(context, out, out_len, params) : 0;
	EVP_KDF_CTX_free(context);
	EVP_KDF_free(kdf);
	return derived == 1 ? 0 : -ENOMEM;
}

/* The key under which the node of that name signs. */
static int sender_key(const uint8_t *psk, const char *cluster, const char *node, uint8_t key[static AUTH_KEY]) {
	char info[32 + AUTH_NAME];
	int info_len = snprintf(info, sizeof(info), "hamon heartbeat 1%c%s", '\0', node);
	assert(info_len > 0 && (size_t)info_len < sizeof(info));
	return auth_hkdf((struct auth_bytes){psk, AUTH_KEY}, (struct auth_bytes){cluster, strlen(cluster)},
			 (struct auth_bytes){info, (size_t)info_len}, key, AUTH_KEY);
}

/* A context that holds the key, ready to be started again for every frame; NULL when memory ran out. */
static EVP_MAC_CTX *keyed_mac(const uint8_t key[static AUTH_KEY]) {
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest_name, 0),
		OSSL_PARAM_construct_end(),
	};
	EVP_MAC *hmac = EVP_MAC_fetch(NULL, OSSL_MAC_NAME_HMAC, NULL);
	EVP_MAC_CTX *mac = EVP_MAC_CTX_new(hmac);
	EVP_MAC_free(hmac); /* the context keeps its own reference */
	if (mac && EVP_MAC_init(mac, key, AUTH_KEY, params) != 1) {
		EVP_MAC_CTX_free(mac);
		mac = NULL;
	}
	return mac;
}

int auth_init(struct auth *auth, const uint8_t psk[static AUTH_KEY], const char *cluster,
	      const char *const node[static 2]) {
	struct auth fresh = {0};
	for (unsigned sender = 0; sender < 2; sender++) {
		uint8_t key[AUTH_KEY];
		if (sender_key(psk, cluster, node[sender], key) == 0)
			fresh.mac[sender] = keyed_mac(key);
		OPENSSL_cleanse(key, sizeof(key));
	}
	if (!fresh.mac[0] || !fresh.mac[1]) {
		auth_fini(&fresh);
		return -ENOMEM;
	}
	*auth = fresh;
	return 0;
}

void auth_fini(struct auth *auth) {
	for (unsigned sender = 0; sender < 2; sender++)
		EVP_MAC_CTX_free(auth->mac[sender]);
	*auth = (struct auth){0};
}

/* ---- signing and judging frames ---- */

static bool frame_mac(struct auth *auth, unsigned sender, const uint8_t *frame, size_t len,
		      uint8_t out[static SHA256_DIGEST_LENGTH]) {
	assert(sender < 2 && len >= HEARTBEAT_LEN);
	EVP_MAC_CTX *mac = auth->mac[sender];
	size_t out_len = 0;
	/* Without a key, EVP_MAC_init() starts again with the one it has. */
	return EVP_MAC_init(mac, NULL, 0, NULL) == 1 && EVP_MAC_update(mac, frame, len - HEARTBEAT_MAC_LEN) == 1 &&
	       EVP_MAC_final(mac, out, &out_len, SHA256_DIGEST_LENGTH) == 1;
}

int auth_seal(struct auth *auth, unsigned sender, uint8_t *frame, size_t len) {
	uint8_t mac[SHA256_DIGEST_LENGTH];
	if (!frame_mac(auth, sender, frame, len, mac))
		return -ENOMEM;
	memcpy(frame + len - HEARTBEAT_MAC_LEN, mac, HEARTBEAT_MAC_LEN);
	return 0;
}

/* Is the MAC at the end of these len bytes the sender's? Compares in constant time. */
static bool is_signed(struct auth *auth, unsigned sender, const uint8_t *frame, size_t len) {
	uint8_t mac[SHA256_DIGEST_LENGTH];
	return frame_mac(auth, sender, frame, len, mac) &&
	       CRYPTO_memcmp(frame + len - HEARTBEAT_MAC_LEN, mac, HEARTBEAT_MAC_LEN) == 0;
}

enum heartbeat_reject auth_open(struct auth *auth, unsigned self_parity, uint32_t cluster_tag, const uint8_t *frame,
				size_t frame_len, struct heartbeat *out) {
	size_t len = 0;
	uint32_t cluster = 0;
	uint8_t sender = 0, key = 0;
	enum heartbeat_reject reason = heartbeat_peek(frame, frame_len, &len, &cluster, &sender, &key);
	if (reason != HEARTBEAT_OK)
		return reason;
	if (cluster != cluster_tag)
		return REJECT_CLUSTER;
	if (sender > 1 || key != AUTH_KEY_NUMBER || !is_signed(auth, sender, frame, len))
		return REJECT_KEY;
	if (sender == self_parity)
		return REJECT_OWN_ECHO;
	return heartbeat_unpack(frame, len, out);
}

uint32_t auth_cluster_tag(const char *name) {
	char text[32 + AUTH_NAME];
	uint8_t digest[SHA256_DIGEST_LENGTH];
	int len = snprintf(text, sizeof(text), "hamon cluster %s", name);
	assert(len > 0 && (size_t)len < sizeof(text));
	SHA256((const uint8_t *)text, (size_t)len, digest);
	return (uint32_t)digest[0] << 24 | (uint32_t)digest[1] << 16 | (uint32_t)digest[2] << 8 | digest[3];
}

/* ---- the key's file ---- */

static int hex_digit(char c) {
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int auth_key_parse(const char *text, size_t len, uint8_t key[static AUTH_KEY]) {
	size_t digits = 2 * (size_t)AUTH_KEY;
	if (len == digits + 1 && text[digits] == '\n')
		len = digits;
	if (len != digits)
		return -EINVAL;
	uint8_t parsed[AUTH_KEY];
	for (size_t i = 0; i < AUTH_KEY; i++) {
		int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);
		if (high < 0 || low < 0)
			return -EINVAL;
		parsed[i] = (uint8_t)(high << 4 | low);
	}
	memcpy(key, parsed, AUTH_KEY);
	OPENSSL_cleanse(parsed, sizeof(parsed));
	return 0;
}

/* The key must be a secret: a regular file, root's or our own, closed to everybody else. */
static int check_secret(int fd) {
	struct stat st;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if ((st.st_mode & (S_IRWXG | S_IRWXO)) || (st.st_uid != 0 && st.st_uid != geteuid()))
		return -EPERM;
	return 0;
}

int auth_key_load(const char *path, uint8_t key[static AUTH_KEY]) {
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* non-blocking: a FIFO must not hang us */
	if (fd < 0)
		return -errno;
	int rc = check_secret(fd);
	if (rc == 0) {
		char text[AUTH_KEY_TEXT]; /* one byte more than a key has: what is longer is seen to be */
		ssize_t n = read(fd, text, sizeof(text));
		rc = n < 0 ? -errno : auth_key_parse(text, (size_t)n, key);
		OPENSSL_cleanse(text, sizeof(text));
	}
	close(fd);
	return rc;
}

const char *auth_key_reason(int error) {
	if (error == -EPERM)
		return "the key must be readable by its owner alone, who is root or runs hamon (chmod 600)";
	if (error == -EINVAL)
		return "no key: it takes a file of 64 hexadecimal digits and a newline, as `hamon genpsk` writes it";
	return strerror(-error);
}

int auth_key_generate(char text[static AUTH_KEY_TEXT]) {
	static const char digits[] = "0123456789abcdef";
	uint8_t key[AUTH_KEY];
	ssize_t n;
	do
		n = getrandom(key, sizeof(key), 0); /* up to 256 bytes come whole, or not at all: random(7) */
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	assert(n == sizeof(key));
	for (size_t i = 0; i < AUTH_KEY; i++) {
		text[2 * i] = digits[key[i] >> 4];
		text[2 * i + 1] = digits[key[i] & 0xf];
	}
	text[AUTH_KEY_TEXT - 2] = '\n';
	text[AUTH_KEY_TEXT - 1] = '\0';
	OPENSSL_cleanse(key, sizeof(key));
	return 0;
}
