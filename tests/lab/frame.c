/* The witness's frames: see frame.h. */
#include "tests/lab/frame.h"

#include <arpa/inet.h>
#include <assert.h>
#include <endian.h>
#include <net/if_arp.h>
#include <netinet/icmp6.h>
#include <netinet/if_ether.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <netinet/udp.h>
#include <string.h>

#include "tests/lab/shell.h"

/* What the lab's questions carry, so that no other's are taken for them. */
struct stamp {
	uint8_t magic[8];
	uint64_t number; /* network order */
} __attribute__((packed));

static const uint8_t stamp_magic[8] = "hamonlab";
enum { ECHO_ID = 0x484c, UDP_FROM = 4712 };

struct frame_ip frame_ip(const char *text) {
	struct frame_ip ip = {.family = strchr(text, ':') ? AF_INET6 : AF_INET};
	if (inet_pton(ip.family, text, ip.bytes) != 1)
		shell_die("not an address: %s", text);
	return ip;
}

bool frame_ip_equal(const struct frame_ip *a, const struct frame_ip *b) {
	return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

static size_t ip_len(const struct frame_ip *ip) {
	return ip->family == AF_INET ? 4 : 16;
}

/* ---- building ---- */

/* RFC 1071, added up over pieces. */
static uint32_t sum_add(uint32_t sum, const void *data, size_t len) {
	const uint8_t *bytes = data;
	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
	return len % 2 ? sum + ((uint32_t)bytes[len - 1] << 8) : sum;
}

static uint16_t sum_end(uint32_t sum) {
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

/* RFC 8200 8.1: over both addresses, length and protocol, too. */
static uint16_t sum_ip6(const struct ip6_hdr *ip, const void *data, size_t len) {
	uint32_t sum = sum_add(0, &ip->ip6_src, 32);
	return sum_end(sum_add(sum + (uint32_t)len + ip->ip6_nxt, data, len));
}

static uint8_t *put_ethernet(const struct frame_ends *ends, uint16_t type, uint8_t *out) {
	memset(out, 0, FRAME_MAX);
	memcpy(out, ends->to_mac, ETH_ALEN);
	memcpy(out + ETH_ALEN, ends->from_mac, ETH_ALEN);
	out[12] = (uint8_t)(type >> 8);
	out[13] = (uint8_t)type;
	return out + ETH_HLEN;
}

/* What IP carries: a message whose checksum, two bytes at sum_at, is still zero. */
struct payload {
	uint8_t protocol, hops;
	const void *bytes;
	size_t len, sum_at;
};

/* RFC 791. Returns the frame's length. */
static size_t put_ip4(const struct frame_ends *ends, const struct payload *payload, uint8_t *out) {
	struct ip ip = {0};
	ip.ip_v = IPVERSION;
	ip.ip_hl = sizeof(ip) / 4;
	ip.ip_ttl = payload->hops;
	ip.ip_p = payload->protocol;
	ip.ip_len = htons((uint16_t)(sizeof(ip) + payload->len));
	memcpy(&ip.ip_src, ends->from.bytes, 4);
	memcpy(&ip.ip_dst, ends->to.bytes, 4);
	uint8_t *bytes = put_ethernet(ends, ETH_P_IP, out);
	memcpy(bytes, &ip, sizeof(ip));
	uint16_t sum = sum_end(sum_add(0, bytes, sizeof(ip)));
	memcpy(bytes + offsetof(struct ip, ip_sum), &sum, sizeof(sum));
	memcpy(bytes + sizeof(ip), payload->bytes, payload->len);
	return ETH_HLEN + sizeof(ip) + payload->len;
}

/* RFC 8200; computes the payload's checksum, which is about the addresses, too. Returns the frame's length. */
static size_t put_ip6(const struct frame_ends *ends, const struct payload *payload, uint8_t *out) {
	struct ip6_hdr ip = {0};
	ip.ip6_vfc = 0x60;
	ip.ip6_hlim = payload->hops;
	ip.ip6_plen = htons((uint16_t)payload->len);
	ip.ip6_nxt = payload->protocol;
	memcpy(&ip.ip6_src, ends->from.bytes, 16);
	memcpy(&ip.ip6_dst, ends->to.bytes, 16);
	uint16_t sum = sum_ip6(&ip, payload->bytes, payload->len);
	uint8_t *bytes = put_ethernet(ends, ETH_P_IPV6, out);
	memcpy(bytes, &ip, sizeof(ip));
	memcpy(bytes + sizeof(ip), payload->bytes, payload->len);
	memcpy(bytes + sizeof(ip) + payload->sum_at, &sum, sizeof(sum));
	return ETH_HLEN + sizeof(ip) + payload->len;
}

static struct payload icmp6(const void *message, size_t len, uint8_t hops) {
	return (struct payload){IPPROTO_ICMPV6, hops, message, len, offsetof(struct icmp6_hdr, icmp6_cksum)};
}

void frame_everybody(const struct frame_ip *ip, uint8_t mac[static ETH_ALEN]) {
	if (ip->family == AF_INET)
		memset(mac, 0xff, ETH_ALEN);
	else /* the solicited-node group, RFC 4291 2.7.1, as Ethernet maps it, RFC 2464 7 */
		memcpy(mac, (uint8_t[]){0x33, 0x33, 0xff, ip->bytes[13], ip->bytes[14], ip->bytes[15]}, ETH_ALEN);
}

static size_t solicit_arp(const struct frame_ends *ends, uint8_t *out) {
	struct ether_arp arp = {0};
	arp.arp_hrd = htons(ARPHRD_ETHER);
	arp.arp_pro = htons(ETH_P_IP);
	arp.arp_hln = ETH_ALEN;
	arp.arp_pln = 4;
	arp.arp_op = htons(ARPOP_REQUEST);
	memcpy(arp.arp_sha, ends->from_mac, ETH_ALEN);
	memcpy(arp.arp_spa, ends->from.bytes, 4);
	memcpy(arp.arp_tpa, ends->to.bytes, 4);
	memcpy(put_ethernet(ends, ETH_P_ARP, out), &arp, sizeof(arp));
	return ETH_HLEN + sizeof(arp);
}

/* RFC 4861 4.3, with the source link-layer address. */
static size_t solicit_nd(const struct frame_ends *ends, uint8_t *out) {
	struct {
		struct nd_neighbor_solicit ns;
		uint8_t option[2], mac[ETH_ALEN];
	} body = {.ns.nd_ns_type = ND_NEIGHBOR_SOLICIT, .option = {ND_OPT_SOURCE_LINKADDR, 1}};
	static_assert(sizeof(body) == 32, "no padding");
	memcpy(&body.ns.nd_ns_target, ends->to.bytes, 16);
	memcpy(body.mac, ends->from_mac, ETH_ALEN);
	struct frame_ends group = *ends;
	if (ends->to_mac[0] & 1)
		memcpy(group.to.bytes, (uint8_t[]){0xff, 0x02, [11] = 1, 0xff}, 13);
	struct payload payload = icmp6(&body, sizeof(body), 255);
	return put_ip6(&group, &payload, out);
}

size_t frame_solicit(const struct frame_ends *ends, uint8_t out[static FRAME_MAX]) {
	return ends->to.family == AF_INET ? solicit_arp(ends, out) : solicit_nd(ends, out);
}

/* The first eight bytes of an echo request are the same in ICMP and ICMPv6. */
struct echo {
	uint8_t type, code;
	uint16_t sum, id, sequence;
	struct stamp stamp;
} __attribute__((packed));

static struct stamp stamp(uint64_t number) {
	struct stamp stamp = {.number = htobe64(number)};
	memcpy(stamp.magic, stamp_magic, sizeof(stamp_magic));
	return stamp;
}

size_t frame_echo(const struct frame_ends *ends, uint64_t number, uint8_t out[static FRAME_MAX]) {
	struct echo echo = {.id = htons(ECHO_ID), .sequence = htons((uint16_t)number), .stamp = stamp(number)};
	if (ends->to.family == AF_INET6) {
		echo.type = ICMP6_ECHO_REQUEST;
		struct payload payload = icmp6(&echo, sizeof(echo), 64);
		return put_ip6(ends, &payload, out);
	}
	echo.type = ICMP_ECHO;
	echo.sum = sum_end(sum_add(0, &echo, sizeof(echo)));
	return put_ip4(ends, &(struct payload){IPPROTO_ICMP, 64, &echo, sizeof(echo), 0}, out);
}

struct datagram {
	struct udphdr udp;
	struct stamp stamp;
} __attribute__((packed));

/* Over IPv4 without a checksum, which RFC 768 allows. */
size_t frame_udp(const struct frame_ends *ends, uint16_t port, uint64_t number, uint8_t out[static FRAME_MAX]) {
	struct datagram datagram = {.stamp = stamp(number)};
	datagram.udp.source = htons(UDP_FROM);
	datagram.udp.dest = htons(port);
	datagram.udp.len = htons(sizeof(datagram));
	struct payload payload = {IPPROTO_UDP, 64, &datagram, sizeof(datagram), offsetof(struct udphdr, check)};
	return ends->to.family == AF_INET ? put_ip4(ends, &payload, out) : put_ip6(ends, &payload, out);
}

/* ---- parsing ---- */

static void take_ip(struct frame_ip *ip, uint8_t family, const void *bytes) {
	*ip = (struct frame_ip){.family = family};
	memcpy(ip->bytes, bytes, ip_len(ip));
}

static void parse_arp(const uint8_t *bytes, size_t len, struct frame_view *out) {
	struct ether_arp arp;
	if (len < sizeof(arp))
		return;
	memcpy(&arp, bytes, sizeof(arp));
	if (arp.arp_hrd != htons(ARPHRD_ETHER) || arp.arp_pro != htons(ETH_P_IP))
		return;
	out->kind = arp.arp_op == htons(ARPOP_REPLY) ? FRAME_ADVERTISEMENT : FRAME_SOLICITATION;
	take_ip(&out->claimed, AF_INET, arp.arp_spa);
	take_ip(&out->source, AF_INET, arp.arp_spa);
	take_ip(&out->to, AF_INET, arp.arp_tpa);
}

/* The number in the stamp that begins here; 0: there is none of ours. */
static uint64_t stamped(const uint8_t *bytes, size_t len) {
	struct stamp found;
	if (len < sizeof(found))
		return 0;
	memcpy(&found, bytes, sizeof(found));
	return memcmp(found.magic, stamp_magic, sizeof(stamp_magic)) == 0 ? be64toh(found.number) : 0;
}

static void parse_echo(const uint8_t *bytes, size_t len, struct frame_view *out) {
	size_t at = offsetof(struct echo, stamp);
	out->kind = FRAME_ECHO_REPLY;
	out->number = len > at ? stamped(bytes + at, len - at) : 0;
}

/* A datagram of ours that came back, from this many bytes on. */
static void parse_udp(const uint8_t *bytes, size_t len, size_t at, struct frame_view *out) {
	at += offsetof(struct datagram, stamp);
	uint64_t number = len > at ? stamped(bytes + at, len - at) : 0;
	if (number == 0)
		return;
	out->kind = FRAME_UDP_REPLY;
	out->number = number;
}

static void parse_ip4(const uint8_t *bytes, size_t len, struct frame_view *out) {
	struct iphdr ip;
	if (len < sizeof(ip))
		return;
	memcpy(&ip, bytes, sizeof(ip));
	take_ip(&out->claimed, AF_INET, &ip.saddr);
	take_ip(&out->source, AF_INET, &ip.saddr);
	take_ip(&out->to, AF_INET, &ip.daddr);
	out->kind = FRAME_DATA;
	size_t head = (size_t)ip.ihl * 4;
	if (len <= head)
		return;
	if (ip.protocol == IPPROTO_ICMP && bytes[head] == ICMP_ECHOREPLY)
		parse_echo(bytes + head, len - head, out);
	if (ip.protocol == IPPROTO_ICMP && bytes[head] == ICMP_DEST_UNREACH)
		parse_udp(bytes, len, head + sizeof(struct icmphdr) + sizeof(ip), out);
	if (ip.protocol == IPPROTO_UDP)
		parse_udp(bytes, len, head, out);
}

static void parse_icmp6(const uint8_t *body, size_t len, struct frame_view *out) {
	if (len < sizeof(struct nd_neighbor_advert))
		return;
	if (body[0] == ICMP6_ECHO_REPLY)
		parse_echo(body, len, out);
	if (body[0] == ICMP6_DST_UNREACH)
		parse_udp(body, len, sizeof(struct icmp6_hdr) + sizeof(struct ip6_hdr), out);
	if (body[0] == ND_NEIGHBOR_SOLICIT)
		out->kind = FRAME_SOLICITATION;
	if (body[0] == ND_NEIGHBOR_ADVERT) {
		out->kind = FRAME_ADVERTISEMENT;
		take_ip(&out->claimed, AF_INET6, body + offsetof(struct nd_neighbor_advert, nd_na_target));
	}
}

static void parse_ip6(const uint8_t *bytes, size_t len, struct frame_view *out) {
	struct ip6_hdr ip;
	if (len < sizeof(ip))
		return;
	memcpy(&ip, bytes, sizeof(ip));
	take_ip(&out->claimed, AF_INET6, &ip.ip6_src);
	take_ip(&out->source, AF_INET6, &ip.ip6_src);
	take_ip(&out->to, AF_INET6, &ip.ip6_dst);
	out->kind = FRAME_DATA;
	if (ip.ip6_nxt == IPPROTO_ICMPV6)
		parse_icmp6(bytes + sizeof(ip), len - sizeof(ip), out);
	if (ip.ip6_nxt == IPPROTO_UDP)
		parse_udp(bytes, len, sizeof(ip), out);
}

void frame_parse(const uint8_t *bytes, size_t len, struct frame_view *out) {
	*out = (struct frame_view){.kind = FRAME_OTHER, .from_mac = bytes + ETH_ALEN};
	if (len < ETH_HLEN)
		return;
	unsigned type = (unsigned)bytes[12] << 8 | bytes[13];
	bytes += ETH_HLEN;
	len -= ETH_HLEN;
	if (type == FRAME_HEARTBEAT_TYPE)
		out->kind = FRAME_HEARTBEAT;
	else if (type == ETH_P_ARP)
		parse_arp(bytes, len, out);
	else if (type == ETH_P_IP)
		parse_ip4(bytes, len, out);
	else if (type == ETH_P_IPV6)
		parse_ip6(bytes, len, out);
}
