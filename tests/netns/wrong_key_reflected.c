/* Whoever reaches a test IP can have it answer to a node with whatever he likes. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/lab/shell.h"
#include "tests/netns/heartbeats.h"

#define HA2     "192.0.2.12"
#define TEST_IP "192.0.2.1"

enum { TTL = 64, EPOCH_AT = 32 /* docs/PROTOCOL.md */ };

struct request {
	struct iphdr ip; /* the kernel fills in length and checksum (raw(7)) */
	struct icmphdr echo;
	uint8_t heartbeat[HEARTBEAT_LEN];
} __attribute__((packed));

/* The Internet checksum (RFC 1071), in the order of the bytes in memory. */
static uint16_t checksum(const struct request *request) {
	uint16_t words[(sizeof(*request) - sizeof(request->ip)) / sizeof(uint16_t)];
	uint32_t sum = 0;
	memcpy(words, (const uint8_t *)request + sizeof(request->ip), sizeof(words));
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		sum += words[i];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* A heartbeat of ha1's with another epoch, so that its MAC is wrong, for the test IP to hand to ha2. */
static struct request forged(struct scene *scene) {
	struct request request = {
		.ip = {.version = IPVERSION, .ihl = sizeof(request.ip) / 4, .ttl = TTL, .protocol = IPPROTO_ICMP},
		.echo = {.type = ICMP_ECHO, .un.echo.id = htons(HEARTBEAT_ETHERTYPE)},
	};
	struct heartbeat hb;
	size_t n, at = 0;
	struct sniffed *frames = sniff_take(scene->sniff, scene->begin, clock_now(), &n);
	while (at < n && !(frames[at].host == NET_HA1 && heartbeats_read(&frames[at], &hb)))
		at++;
	scene_check(scene, at < n, "ha1 sent no heartbeat");
	memcpy(request.heartbeat, frames[at].packet.bytes + ETH_HLEN, HEARTBEAT_LEN);
	free(frames);
	request.heartbeat[EPOCH_AT] ^= 1;
	request.ip.saddr = inet_addr(HA2);
	request.ip.daddr = inet_addr(TEST_IP);
	request.echo.checksum = checksum(&request);
	return request;
}

static int open_raw(const char *ns) {
	int back = shell_enter(ns);
	int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	shell_leave(back);
	if (fd < 0)
		shell_die("no raw socket: %s", strerror(errno));
	return fd;
}

/* One a millisecond: far more than one in each dead interval. */
static void ask_until(struct scene *scene, int fd, const struct request *request, nanos until) {
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = request->ip.daddr};
	while (clock_now() < until) {
		ssize_t sent = sendto(fd, request, sizeof(*request), 0, (struct sockaddr *)&to, sizeof(to));
		scene_check(scene, sent == sizeof(*request), "cannot send: %s", strerror(errno));
		clock_sleep_until(clock_now() + NANOS_MS);
	}
}

NETNS_TEST(wrong_key_reflected,
	   "a test IP reflects forged heartbeats to the backup: counted, and they hold up no takeover") {
	scene_open(scene, NULL);
	scene_start(scene, NET_HA1);
	struct request request = forged(scene);
	int fd = open_raw(scene->net.ns[NET_CLIENT]);
	fault_count();
	for (nanos end = scene_patience(scene); pair_number(&scene->pair, NET_HA2, "/counters/rejected/wrong-key") <= 0;) {
		scene_check(scene, clock_now() < end, "no forged heartbeat reached ha2");
		ask_until(scene, fd, &request, clock_now() + scene->within / 2);
	}
	nanos fault = clock_now();
	pair_kill_all(&scene->pair, NET_HA1);
	ask_until(scene, fd, &request, fault + 2 * scene->within);
	close(fd);
	scene_served(scene, NET_HA2, fault, scene->within, true);
}
