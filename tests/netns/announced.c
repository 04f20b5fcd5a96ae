/* What a new primary tells the wire. */
#include <stdlib.h>

#include "tests/netns/test.h"

#define SHARED6 "2001:db8::100"

struct seen {
	unsigned requests, replies, advertisements;
};

/* Gratuitous: sender and target are the shared IP (RFC 5227 3, in the form of a request and of a reply). Unsolicited
 * neighbour advertisements go to all nodes (RFC 4861 7.2.6). */
static struct seen count(struct scene *scene, enum net_host host, nanos since) {
	size_t n;
	struct frame_ip shared = frame_ip(PAIR_SHARED), shared6 = frame_ip(SHARED6), everybody = frame_ip("ff02::1");
	struct sniffed *frames = sniff_take(scene->sniff, since, clock_now(), &n);
	struct seen seen = {0};
	for (size_t i = 0; i < n; i++) {
		struct frame_view view = sniff_view(&frames[i]);
		bool own = frames[i].host == host;
		bool gratuitous = own && frame_ip_equal(&view.claimed, &shared) && frame_ip_equal(&view.to, &shared);
		seen.requests += gratuitous && view.kind == FRAME_SOLICITATION;
		seen.replies += gratuitous && view.kind == FRAME_ADVERTISEMENT;
		seen.advertisements += own && view.kind == FRAME_ADVERTISEMENT && frame_ip_equal(&view.claimed, &shared6) &&
				       frame_ip_equal(&view.to, &everybody);
	}
	free(frames);
	return seen;
}

NETNS_TEST(announced,
	   "a new primary announces its IPs: gratuitous ARP as request and reply, neighbour advertisement, repeated") {
	scene_open(scene, &(struct pair_conf){.shared_ips = "{ address = \"" PAIR_SHARED "/24\" interface = \"eth0\" },"
							    "{ address = \"" SHARED6 "/64\" interface = \"eth0\" }"});
	scene_start(scene, NET_HA1);
	nanos fault = clock_now();
	scene_verb(scene, NET_HA2, "takeover");
	scene_served(scene, NET_HA2, fault, SCENE_PLANNED, true);
	struct seen seen = {0};
	for (nanos end = scene_patience(scene); seen.requests < 2 || seen.replies < 2 || seen.advertisements < 2;) {
		scene_check(scene, clock_now() < end, "announced by %u requests, %u replies, %u advertisements",
			    seen.requests, seen.replies, seen.advertisements);
		clock_sleep_until(clock_now() + 10 * NANOS_MS);
		seen = count(scene, NET_HA2, fault);
	}
}
