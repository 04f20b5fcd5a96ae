/* What those who watch are told: a node of straw, whose core and control socket are real, and a client that reads along. */
#include <criterion/criterion.h>
#include <errno.h>
#include <json-c/json.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "hamon/node/parts.h"
#include "tests/unit/core_world.h"

enum { LINE = 4096 };

/* Nothing here takes this long; it ends a test that would hang. */
#define TEST_DEADLINE (20 * SEC)

static struct node node;
static struct world world;
static char dir[] = "/tmp/hamon-frames-XXXXXX", path[64];

static void requested(void *arg, uint32_t client, const struct control_request *request) {
	node_watch_request(arg, client, request);
}

static void set_up(void) {
	cr_assert(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/control.sock", dir);
	world_init(&world);
	node.core_config = world.config;
	node.now = mono_now();
	node.names[0] = "ha1";
	node.names[1] = "ha2";
	node.self = world.config.parity;
	node.links_n = node.conf.links_n = world.config.links;
	strcpy(node.conf.cluster, "edge");
	for (unsigned i = 0; i < node.conf.links_n; i++)
		snprintf(node.conf.links[i].name, sizeof node.conf.links[i].name, "eth%u", i);
	core_init(&node.core, &world.config, &world.memory, node.now);
	cr_assert_eq(loop_init(&node.loop), 0);
	cr_assert_eq(control_open(&node.control, &node.loop, path, CONTROL_NO_GROUP, CONTROL_NO_GROUP, requested, &node),
		     0);
}

static void tear_down(void) {
	control_close(&node.control);
	loop_fini(&node.loop);
	rmdir(dir);
}

TestSuite(frames, .init = set_up, .fini = tear_down);

/* One wake, `later` after the one before. */
static void wake(span_t later) {
	loop_wait(&node.loop, mono_now() + MSEC);
	loop_dispatch(&node.loop);
	node.now += later;
	control_tick(&node.control, node.now);
}

static bool readable(int fd) {
	struct pollfd poller = {.fd = fd, .events = POLLIN};
	return poll(&poller, 1, 0) > 0;
}

/* The next line that the watcher is told; the caller puts it. */
static struct json_object *hear(int fd) {
	static char line[LINE];
	size_t n = 0;
	for (mono_t deadline = mono_now() + TEST_DEADLINE; n == 0 || line[n - 1] != '\n';) {
		cr_assert_lt(mono_now(), deadline, "no line comes");
		cr_assert_lt(n, sizeof line - 1);
		if (!readable(fd))
			wake(CONTROL_STREAM_EVERY);
		else if (recv(fd, line + n, 1, 0) == 1)
			n++;
	}
	line[n] = '\0';
	struct json_object *object = json_tokener_parse(line);
	cr_assert(object, "%s", line);
	return object;
}

static int watch(const char *request) {
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	memcpy(address.sun_path, path, strlen(path));
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_assert_eq(connect(fd, (struct sockaddr *)&address, sizeof address), 0, "%s", strerror(errno));
	cr_assert_eq(send(fd, request, strlen(request), MSG_NOSIGNAL), (ssize_t)strlen(request));
	return fd;
}

static int watch_frames(void) {
	int fd = watch("{\"verb\":\"watch\",\"frames\":true}\n");
	struct json_object *greeting = hear(fd);
	cr_assert(json_object_get_boolean(json_object_object_get(greeting, "ok")));
	json_object_put(greeting);
	return fd;
}

/* The next line, as it must be but for its time, which must be one. */
static void expect_line(int fd, const char *expected) {
	struct json_object *line = hear(fd);
	const char *at = json_object_get_string(json_object_object_get(line, "at"));
	struct tm tm = {0};
	const char *rest = at ? strptime(at, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;
	cr_expect(rest && *rest == '.' && strspn(rest + 1, "0123456789") == 3 && strcmp(rest + 4, "Z") == 0, "%s", at);
	json_object_object_del(line, "at");
	cr_expect_str_eq(json_object_to_json_string_ext(line, JSON_C_TO_STRING_PLAIN), expected);
	json_object_put(line);
}

static const struct heartbeat said = {.boot = 50, .seq = 9, .seen = 11, .fitness = 100, .echo_seq = 3};

/* ---- heartbeats ---- */

Test(frames, a_heartbeat_out_and_one_in) {
	int fd = watch_frames();
	struct heartbeat hb = said;
	hb.lease = true;
	hb.mark = MARK_RENEW;
	node_frame_heartbeat(&node, 0, false, HEARTBEAT_OK, &hb);
	expect_line(
		fd,
		"{\"kind\":\"heartbeat\",\"direction\":\"out\",\"link\":\"eth0\",\"from\":\"ha1\",\"boot\":50,\"seq\":9,"
		"\"seen\":11,\"lease\":true,\"deaf\":false,\"mark\":\"renew\",\"echo_seq\":3,\"fitness\":100,\"flags\":[],"
		"\"verdict\":\"sent\"}");
	hb = said;
	hb.deaf = hb.leaving = hb.offer = hb.unheard = hb.reflected = true;
	hb.mark = MARK_GRANT;
	hb.want = hb.rel = 1;
	node_frame_heartbeat(&node, 1, true, HEARTBEAT_OK, &hb);
	expect_line(
		fd,
		"{\"kind\":\"heartbeat\",\"direction\":\"in\",\"link\":\"eth1\",\"from\":\"ha2\",\"boot\":50,\"seq\":9,"
		"\"seen\":11,\"lease\":false,\"deaf\":true,\"mark\":\"grant\",\"echo_seq\":3,\"fitness\":100,\"flags\":["
		"\"leaving\",\"offer\",\"unheard\",\"reflected\",\"want\",\"release\"],\"verdict\":\"accepted\"}");
	close(fd);
}

Test(frames, a_bare_one_left_by_no_link) {
	int fd = watch_frames();
	node_frame_heartbeat(&node, node.links_n, false, HEARTBEAT_OK, &said);
	struct json_object *line = hear(fd);
	cr_expect_str_eq(json_object_get_string(json_object_object_get(line, "link")), "(bare)");
	json_object_put(line);
	close(fd);
}

Test(frames, what_was_not_verified_is_not_repeated) {
	int fd = watch_frames();
	for (enum heartbeat_reject reason = HEARTBEAT_OK + 1; reason < REJECT__COUNT; reason++) {
		bool verified = reason == REJECT_OLD_BOOT || reason == REJECT_REPLAY;
		char verdict[64];
		node_frame_heartbeat(&node, 0, true, reason, verified ? &said : NULL);
		struct json_object *line = hear(fd);
		snprintf(verdict, sizeof verdict, "rejected: %s", heartbeat_reject_name(reason));
		cr_expect_str_eq(json_object_get_string(json_object_object_get(line, "verdict")), verdict);
		cr_expect_eq(json_object_object_get(line, "from") != NULL, verified, "%s", verdict);
		json_object_put(line);
	}
	close(fd);
}

Test(frames, nobody_watches_nothing_is_kept) {
	node_frame_heartbeat(&node, 0, true, HEARTBEAT_OK, &said);
	int fd = watch_frames();
	wake(CONTROL_STREAM_EVERY);
	cr_expect_not(readable(fd));
	close(fd);
}

/* The peer's heartbeat comes in on the link, and the verdict must be this. */
static void expect_verdict(int fd, unsigned link, uint64_t boot, uint64_t seq, const char *verdict) {
	struct event event = {.type = EV_HEARTBEAT, .heartbeat = {.hb = said, .rx = node.now, .link = link}};
	event.heartbeat.hb.sender = (uint8_t)(1 - node.self);
	event.heartbeat.hb.boot = boot;
	event.heartbeat.hb.seq = seq;
	node_frame_verified(&node, &event);
	struct json_object *line = hear(fd);
	cr_expect_str_eq(json_object_get_string(json_object_object_get(line, "verdict")), verdict,
			 "link %u, boot %d, seq %d", link, (int)boot, (int)seq);
	cr_expect_eq(json_object_get_uint64(json_object_object_get(line, "seq")), seq);
	json_object_put(line);
}

Test(frames, the_core_s_verdict_is_told) {
	int fd = watch_frames();
	expect_verdict(fd, 0, 50, 9, "accepted");
	expect_verdict(fd, 1, 50, 9, "copy");
	expect_verdict(fd, 1, 50, 9, "rejected: replay");
	expect_verdict(fd, 0, 50, 8, "rejected: replay");
	expect_verdict(fd, 1, 50, 10, "accepted");
	expect_verdict(fd, 0, 49, 11, "rejected: old-boot");
	expect_verdict(fd, 0, 51, 1, "accepted");
	cr_expect_eq(node_status(&node)->received, 3);
	close(fd);
}

Test(frames, unwatched_heartbeats_reach_the_core_all_the_same) {
	struct event event = {.type = EV_HEARTBEAT, .heartbeat = {.hb = said, .rx = node.now}};
	event.heartbeat.hb.sender = (uint8_t)(1 - node.self);
	node_frame_verified(&node, &event);
	cr_expect_eq(node_status(&node)->received, 1);
}

/* ---- claims ---- */

Test(frames, claims) {
	static const struct {
		struct frame_claim claim;
		const char *line;
	} claims[] = {
		{{FRAME_ARP_REPLY, {AF_INET, {192, 0, 2, 10}}, {0x52, 0x54, 0, 0x12, 0x34, 0x56}, {0}, true, false, false},
		 "{\"kind\":\"arp\",\"direction\":\"in\",\"interface\":\"eth0\",\"address\":\"192.0.2.10\",\"mac\":"
		 "\"52:54:00:12:34:56\",\"gratuitous\":true,\"verdict\":\"stranger\"}"},
		{{FRAME_ARP_REQUEST, {AF_INET, {192, 0, 2, 10}}, {0xff, 0, 0, 0, 0, 1}, {0}, false, false, false},
		 "{\"kind\":\"arp\",\"direction\":\"in\",\"interface\":\"eth0\",\"address\":\"192.0.2.10\",\"mac\":"
		 "\"ff:00:00:00:00:01\",\"gratuitous\":false,\"verdict\":\"stranger\"}"},
		{{FRAME_NA, {AF_INET6, {0x20, 1, 0x0d, 0xb8, [15] = 1}}, {2, 0, 0, 0, 0, 1}, {0}, false, true, false},
		 "{\"kind\":\"na\",\"direction\":\"in\",\"interface\":\"eth0\",\"address\":\"2001:db8::1\",\"mac\":"
		 "\"02:00:00:00:00:01\",\"gratuitous\":false,\"verdict\":\"stranger\"}"},
		{{FRAME_NS, {AF_INET6, {0x20, 1, 0x0d, 0xb8, [15] = 1}}, {2, 0, 0, 0, 0, 1}, {0}, false, false, false},
		 "{\"kind\":\"ns\",\"direction\":\"in\",\"interface\":\"eth0\",\"address\":\"2001:db8::1\",\"mac\":"
		 "\"02:00:00:00:00:01\",\"gratuitous\":false,\"verdict\":\"stranger\"}"},
	};
	int fd = watch_frames();
	for (unsigned i = 0; i < sizeof claims / sizeof *claims; i++) {
		node_frame_claim(&node, "eth0", &claims[i].claim, "stranger");
		expect_line(fd, claims[i].line);
	}
	close(fd);
}

/* ---- the pair ---- */

static const char *word(struct json_object *line, const char *key) {
	return json_object_get_string(json_object_object_get(line, key));
}

static bool link_flag(struct json_object *line, size_t link, const char *key) {
	struct json_object *links = json_object_object_get(line, "links");
	return json_object_get_boolean(json_object_object_get(json_object_array_get_idx(links, link), key));
}

static void link_event(unsigned link, bool up) {
	struct event event = {.type = EV_LINK, .link = {.link = link, .up = up}};
	node_step(&node, &event);
}

Test(frames, the_pair_in_short_when_it_changes_and_not_too_often) {
	cr_expect_eq(node_watch_deadline(&node), MONO_FAR, "nobody is to be told");
	int fd = watch("{\"verb\":\"watch\"}\n");
	struct json_object *line = hear(fd);
	cr_expect_str_eq(word(line, "kind"), "pair");
	cr_expect_str_eq(word(line, "node"), "ha1");
	cr_expect_str_eq(word(line, "state"), state_name(STATE_INIT));
	cr_expect_null(word(line, "primary"));
	cr_expect_str_eq(word(line, "peer"), "ha2");
	cr_expect_str_eq(word(line, "peer_state"), "unheard");
	cr_expect_eq(json_object_array_length(json_object_object_get(line, "links")), node.conf.links_n);
	json_object_put(line);

	node_watch_tick(&node);
	mono_t next = node_watch_deadline(&node);
	cr_expect_gt(next, node.now);
	wake(next - node.now);
	node_watch_tick(&node);
	wake(CONTROL_STREAM_EVERY);
	cr_expect_not(readable(fd), "nothing changed");

	bool up = !node_status(&node)->link[0].up;
	link_event(0, up);
	node_watch_tick(&node);
	wake(CONTROL_STREAM_EVERY);
	cr_expect_not(readable(fd), "too early");
	next = node_watch_deadline(&node);
	cr_expect(next > node.now && next < MONO_FAR);
	wake(next - node.now);
	node_watch_tick(&node);
	line = hear(fd);
	cr_expect_eq(link_flag(line, 0, "up"), up);
	json_object_put(line);
	close(fd);
}

Test(frames, a_reflecting_link_may_be_heard_less_often) {
	world.config.links_reflect = 1U << 1;
	core_init(&node.core, &world.config, &world.memory, node.now);
	for (unsigned link = 0; link < 2; link++) {
		struct event event = {.type = EV_HEARTBEAT, .heartbeat = {.hb = said, .rx = node.now, .link = link}};
		event.heartbeat.hb.seq += link;
		node_frame_verified(&node, &event);
	}
	node.now += mono_max(SEC, 2 * world.config.timers.unheard);
	int fd = watch("{\"verb\":\"watch\"}\n");
	struct json_object *line = hear(fd);
	cr_expect_not(link_flag(line, 0, "heard"));
	cr_expect(link_flag(line, 1, "heard"));
	cr_expect_str_eq(word(line, "peer_state"), "unheard");
	json_object_put(line);
	close(fd);
}

Test(frames, a_newcomer_is_told_the_pair_and_the_others_no_more) {
	int first = watch("{\"verb\":\"watch\"}\n");
	json_object_put(hear(first));
	int second = watch("{\"verb\":\"watch\"}\n");
	json_object_put(hear(second));
	node_watch_tick(&node);
	wake(CONTROL_STREAM_EVERY);
	cr_expect_not(readable(first) || readable(second));
	close(first);
	close(second);
}
