/* Echo tests over a real wire: answers, and everything that only looks like one. */
#include "hamon/icmp.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/icmp6.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/netlink_sandbox.h"

enum { ICMP_ECHO_REPLY = 0, ICMP_ECHO_REQUEST = 8, HEADER = 8, IPV4_HEADER = 20 };

static struct icmp icmp;

static void enter(void) {
	sandbox_enter();
	sandbox_run("ip address add 192.0.2.1/24 dev left && ip address add 2001:db8::1/64 dev left nodad");
	sandbox_run("ip address add fe80::1/64 dev left nodad");
	sandbox_go(SANDBOX_RIGHT);
	sandbox_run("ip address add 192.0.2.2/24 dev right && ip address add 2001:db8::2/64 dev right nodad");
	sandbox_run("ip address add 192.0.2.3/24 dev right && ip address add 2001:db8::3/64 dev right nodad");
	sandbox_run("ip address add fe80::2/64 dev right nodad");
	sandbox_go(SANDBOX_LEFT);
	cr_assert_eq(icmp_init(&icmp), 0);
}

static void leave(void) {
	icmp_fini(&icmp);
}

TestSuite(icmp, .init = enter, .fini = leave);

static struct icmp_answer await_answer(void) {
	struct icmp_answer answer = {.slot = ICMP_SLOTS};
	for (struct sandbox_wait wait = {0}; icmp_receive(&icmp, &answer) == -EAGAIN;)
		cr_assert(sandbox_waiting(&wait), "no answer");
	cr_assert_lt(answer.slot, ICMP_SLOTS);
	return answer;
}

static void assert_answered(unsigned slot, const char *text, int ifindex, mono_t sent) {
	struct ip_address to = sandbox_address(text);
	cr_assert_eq(icmp_send(&icmp, slot, &to, ifindex, sent), 0);
	struct icmp_answer answer = await_answer();
	cr_assert_eq(answer.slot, slot);
	cr_assert_eq(answer.sent, sent);
	cr_assert_eq(memcmp(&answer.from, &to, sizeof(to)), 0);
}

Test(icmp, answers_of_both_families) {
	int left = sandbox_index("left");
	assert_answered(3, "192.0.2.2", 0, 17 * MSEC);
	assert_answered(4, "192.0.2.3", left, 18 * MSEC);
	assert_answered(5, "2001:db8::2", 0, 19 * MSEC);
	assert_answered(0, "2001:db8::3", left, 20 * MSEC);
	assert_answered(ICMP_SLOTS - 1, "fe80::2", left, 21 * MSEC);
	struct icmp_answer answer;
	cr_assert_eq(icmp_receive(&icmp, &answer), -EAGAIN);
}

Test(icmp, each_answer_names_its_request) {
	struct ip_address to = sandbox_address("192.0.2.2");
	unsigned answered = 0;
	for (unsigned i = 0; i < 10; i++)
		cr_assert_eq(icmp_send(&icmp, 1, &to, 0, i * SEC), 0);
	for (; answered < 10; answered++) {
		mono_t sent = await_answer().sent;
		cr_assert_eq(sent, answered * SEC, "a veth pair keeps the order");
	}
}

Test(icmp, errors_of_sending) {
	struct ip_address nowhere = sandbox_address("203.0.113.1"), nowhere6 = sandbox_address("2001:db8:ffff::1");
	struct ip_address neighbour = sandbox_address("192.0.2.2");
	cr_assert_eq(icmp_send(&icmp, 0, &nowhere, 0, 0), -ENETUNREACH);
	cr_assert_eq(icmp_send(&icmp, 0, &nowhere6, 0, 0), -ENETUNREACH);
	int gone = sandbox_index("left");
	sandbox_run("ip link del left");
	cr_assert_lt(icmp_send(&icmp, 0, &neighbour, gone, 0), 0);
}

/* ---- forgeries: the other side takes a genuine request, changes it, and answers ---- */

struct forger {
	int fd4, fd6;
};

static struct forger forger_open(void) {
	sandbox_go(SANDBOX_RIGHT);
	sandbox_run("sysctl -q net.ipv4.icmp_echo_ignore_all=1 net.ipv6.icmp.echo_ignore_all=1");
	struct forger forger = {.fd4 = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP),
				.fd6 = socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6)};
	cr_assert(forger.fd4 >= 0 && forger.fd6 >= 0);
	sandbox_go(SANDBOX_LEFT);
	return forger;
}

/* Waits for an echo request and writes it, without IP header, to message. Returns its length. */
static size_t take_request(int fd, bool ipv4, uint8_t *message, size_t size) {
	for (;;) {
		uint8_t packet[512];
		ssize_t len = recv(fd, packet, sizeof(packet), 0);
		size_t skip = ipv4 ? IPV4_HEADER : 0;
		cr_assert_gt(len, (ssize_t)skip);
		if (packet[skip] != (ipv4 ? ICMP_ECHO_REQUEST : ICMP6_ECHO_REQUEST))
			continue;
		cr_assert_leq((size_t)len - skip, size);
		memcpy(message, packet + skip, (size_t)len - skip);
		return (size_t)len - skip;
	}
}

/* RFC 1071, over a message whose checksum field is zero. */
static uint16_t checksum(const uint8_t *message, size_t len) {
	uint32_t sum = 0;
	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? message[i] : (uint32_t)message[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

/* Answers from one of the other side's addresses; the checksum is right but for `wrong` in it. */
static void forge(int fd, const char *from, const char *to, uint8_t *message, size_t len, uint16_t wrong) {
	struct ip_address source = sandbox_address(from), target = sandbox_address(to);
	bool ipv4 = source.family == AF_INET;
	struct sockaddr_storage name = {.ss_family = source.family}, peer = {.ss_family = target.family};
	if (ipv4) {
		memcpy(&((struct sockaddr_in *)&name)->sin_addr, source.bytes, 4);
		memcpy(&((struct sockaddr_in *)&peer)->sin_addr, target.bytes, 4);
	} else {
		memcpy(&((struct sockaddr_in6 *)&name)->sin6_addr, source.bytes, 16);
		memcpy(&((struct sockaddr_in6 *)&peer)->sin6_addr, target.bytes, 16);
	}
	cr_assert_eq(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0, "%m");
	message[0] = ipv4 ? ICMP_ECHO_REPLY : ICMP6_ECHO_REPLY;
	memset(message + 2, 0, 2);
	uint16_t sum = checksum(message, len) ^ wrong;
	memcpy(message + 2, &sum, sizeof(sum)); /* the kernel sets ICMPv6's right */
	cr_assert_eq(sendto(fd, message, len, 0, (struct sockaddr *)&peer, sizeof(peer)), (ssize_t)len, "%m");
}

static void assert_ignored(enum icmp_ignore why) {
	struct icmp_answer answer;
	uint64_t before = icmp.ignored[why];
	for (struct sandbox_wait wait = {0}; icmp.ignored[why] == before;) {
		cr_assert_eq(icmp_receive(&icmp, &answer), -EAGAIN, "believed, but for: %s", icmp_ignore_name(why));
		cr_assert(sandbox_waiting(&wait), "not counted: %s", icmp_ignore_name(why));
	}
	cr_assert_eq(icmp.ignored[why], before + 1);
}

/* One genuine request, answered wrongly in every way, then rightly. */
static void assert_only_the_genuine(int fd, const char *from, const char *stranger, const char *self) {
	enum { COOKIE = HEADER, SENT = COOKIE + ICMP_COOKIE, SLOT = SENT + 8 };
	struct ip_address to = sandbox_address(from);
	uint8_t genuine[256], m[256];
	cr_assert_eq(icmp_send(&icmp, 7, &to, 0, 5 * SEC), 0);
	size_t len = take_request(fd, to.family == AF_INET, genuine, sizeof(genuine));

	memcpy(m, genuine, len);
	m[4] ^= 1; /* identifier */
	forge(fd, from, self, m, len, 0);
	assert_ignored(ICMP_FOREIGN);
	memcpy(m, genuine, len);
	m[COOKIE + 3] ^= 1;
	forge(fd, from, self, m, len, 0);
	assert_ignored(ICMP_FOREIGN);
	memcpy(m, genuine, len);
	memset(m + SLOT, 0xff, 4);
	forge(fd, from, self, m, len, 0);
	assert_ignored(ICMP_FOREIGN);
	memcpy(m, genuine, len);
	memset(m + len, 0, 8);
	forge(fd, from, self, m, len + 8, 0);
	assert_ignored(ICMP_FOREIGN);
	memcpy(m, genuine, len);
	forge(fd, from, self, m, len - 1, 0);
	assert_ignored(ICMP_SHORT);
	memcpy(m, genuine, len);
	forge(fd, from, self, m, HEADER, 0);
	assert_ignored(ICMP_SHORT);
	memcpy(m, genuine, len);
	forge(fd, stranger, self, m, len, 0);
	assert_ignored(ICMP_SOURCE);
	memcpy(m, genuine, len);
	mono_t later = 5 * SEC + 1;
	memcpy(m + SENT, &later, sizeof(later));
	forge(fd, from, self, m, len, 0);
	assert_ignored(ICMP_TIME);
	if (to.family == AF_INET) {
		memcpy(m, genuine, len);
		forge(fd, from, self, m, len, 0x0100);
		assert_ignored(ICMP_CHECKSUM);
	}
	memcpy(m, genuine, len);
	forge(fd, from, self, m, len, 0);
	cr_assert_eq(await_answer().sent, 5 * SEC);
}

Test(icmp, forged_answers_are_ignored_and_counted) {
	struct forger forger = forger_open();
	assert_only_the_genuine(forger.fd4, "192.0.2.2", "192.0.2.3", "192.0.2.1");
	assert_only_the_genuine(forger.fd6, "2001:db8::2", "2001:db8::3", "2001:db8::1");
	close(forger.fd4);
	close(forger.fd6);
}

Test(icmp, a_slot_with_a_new_address_forgets_the_old_answers) {
	struct ip_address old = sandbox_address("192.0.2.2"), new = sandbox_address("192.0.2.3");
	cr_assert_eq(icmp_send(&icmp, 2, &old, 0, SEC), 0);
	cr_assert_eq(icmp_send(&icmp, 2, &new, 0, 2 * SEC), 0);
	struct icmp_answer answer = await_answer();
	cr_assert_eq(memcmp(&answer.from, &new, sizeof(new)), 0);
	cr_assert_eq(icmp.ignored[ICMP_SOURCE], 1);
}

Test(icmp, another_programs_ping_is_none_of_ours) {
	static struct icmp other;
	struct ip_address to = sandbox_address("192.0.2.2");
	struct icmp_answer answer;
	cr_assert_eq(icmp_init(&other), 0);
	other.id = (uint16_t)~icmp.id;
	cr_assert_eq(icmp_send(&other, 0, &to, 0, SEC), 0);
	for (struct sandbox_wait wait = {0}; icmp_receive(&other, &answer) == -EAGAIN;)
		cr_assert(sandbox_waiting(&wait));
	assert_ignored(ICMP_FOREIGN);
	other.id = icmp.id; /* even if the identifiers were the same: the cookies differ */
	cr_assert_eq(icmp_send(&other, 0, &to, 0, SEC), 0);
	assert_ignored(ICMP_FOREIGN);
	icmp_fini(&other);
}
