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
#include <string.h>

#include "tests/lab/shell.h"

/* What an echo request of the lab carries, so that other echoes are not taken for it. */
struct stamp {
	uint8_t magic[8];
	uint64_t number; /* network order */
} __attribute__((packed));

static const uint8_t stamp_magic[8] = "hamonlab";
enum { ECHO_ID = 0x484c };

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

static uint16_t sum_icmp6(const struct ip6_hdr *ip, const void *data, size_t len) {
	uint32_t sum = sum_add(0, &ip->ip6_src, 32); /* both addresses */
	return sum_end(sum_add(sum + (uint32_t)len + IPPROTO_ICMPV6, data, len));
}

static uint8_t *put_ethernet(const struct frame_ends *ends, uint16_t type, uint8_t *out) {
	memset(out, 0, FRAME_MAX);
	memcpy(out, ends->to_mac, ETH_ALEN);
	memcpy(out + ETH_ALEN, ends->from_mac, ETH_ALEN);
	out[12] = (uint8_t)(type >> 8);
	out[13] = (uint8_t)type;
	return out + ETH_HLEN;
}

/* RFC 8200: the header around an ICMPv6 message. Returns the frame's length. */
static size_t put_icmp6(const struct frame_ends *ends, const void *message, size_t len, uint8_t hops, uint8_t *out) {
	struct ip6_hdr ip = {.ip6_hlim = hops};
	ip.ip6_vfc = 0x60;
	ip.ip6_plen = htons((uint16_t)len);
	ip.ip6_nxt = IPPROTO_ICMPV6;
	memcpy(&ip.ip6_src, ends->from.bytes, 16);
	memcpy(&ip.ip6_dst, ends->to.bytes, 16);
	uint16_t sum = sum_icmp6(&ip, message, len);
	uint8_t *bytes = put_ethernet(ends, ETH_P_IPV6, out);
	memcpy(bytes, &ip, sizeof(ip));
	memcpy(bytes + sizeof(ip), message, len);
	memcpy(bytes + sizeof(ip) + offsetof(struct icmp6_hdr, icmp6_cksum), &sum, sizeof(sum));
	return ETH_HLEN + sizeof(ip) + len;
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
	return put_icmp6(&group, &body, sizeof(body), 255, out);
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

static struct echo echo_body(uint8_t type, uint64_t number) {
	struct echo echo = {.type = type, .id = htons(ECHO_ID), .sequence = htons((uint16_t)number)};
	memcpy(echo.stamp.magic, stamp_magic, sizeof(stamp_magic));
	echo.stamp.number = htobe64(number);
	return echo;
}

size_t frame_echo(const struct frame_ends *ends, uint64_t number, uint8_t out[static FRAME_MAX]) {
	if (ends->to.family == AF_INET6) {
		struct echo echo = echo_body(ICMP6_ECHO_REQUEST, number);
		return put_icmp6(ends, &echo, sizeof(echo), 64, out);
	}
	struct echo echo = echo_body(ICMP_ECHO, number);
	echo.sum = sum_end(sum_add(0, &echo, sizeof(echo)));
	struct iphdr ip = {.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_ICMP};
	ip.tot_len = htons(sizeof(ip) + sizeof(echo));
	memcpy(&ip.saddr, ends->from.bytes, 4);
	memcpy(&ip.daddr, ends->to.bytes, 4);
	ip.check = sum_end(sum_add(0, &ip, sizeof(ip)));
	uint8_t *body = put_ethernet(ends, ETH_P_IP, out);
	memcpy(body, &ip, sizeof(ip));
	memcpy(body + sizeof(ip), &echo, sizeof(echo));
	return ETH_HLEN + sizeof(ip) + sizeof(echo);
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
	take_ip(&out->to, AF_INET, arp.arp_tpa);
}

static void parse_echo(const uint8_t *bytes, size_t len, struct frame_view *out) {
	struct echo echo;
	out->kind = FRAME_ECHO_REPLY;
	if (len < sizeof(echo))
		return;
	memcpy(&echo, bytes, sizeof(echo));
	if (memcmp(echo.stamp.magic, stamp_magic, sizeof(stamp_magic)) == 0)
		out->number = be64toh(echo.stamp.number);
}

static void parse_ip4(const uint8_t *bytes, size_t len, struct frame_view *out) {
	struct iphdr ip;
	if (len < sizeof(ip))
		return;
	memcpy(&ip, bytes, sizeof(ip));
	take_ip(&out->claimed, AF_INET, &ip.saddr);
	take_ip(&out->to, AF_INET, &ip.daddr);
	out->kind = FRAME_DATA;
	size_t head = (size_t)ip.ihl * 4;
	if (ip.protocol == IPPROTO_ICMP && len > head && bytes[head] == ICMP_ECHOREPLY)
		parse_echo(bytes + head, len - head, out);
}

static void parse_ip6(const uint8_t *bytes, size_t len, struct frame_view *out) {
	struct ip6_hdr ip;
	if (len < sizeof(ip))
		return;
	memcpy(&ip, bytes, sizeof(ip));
	take_ip(&out->claimed, AF_INET6, &ip.ip6_src);
	take_ip(&out->to, AF_INET6, &ip.ip6_dst);
	out->kind = FRAME_DATA;
	const uint8_t *body = bytes + sizeof(ip);
	len -= sizeof(ip);
	if (ip.ip6_nxt != IPPROTO_ICMPV6 || len < sizeof(struct nd_neighbor_advert))
		return;
	if (body[0] == ICMP6_ECHO_REPLY)
		parse_echo(body, len, out);
	if (body[0] == ND_NEIGHBOR_SOLICIT)
		out->kind = FRAME_SOLICITATION;
	if (body[0] == ND_NEIGHBOR_ADVERT) {
		out->kind = FRAME_ADVERTISEMENT;
		take_ip(&out->claimed, AF_INET6, body + offsetof(struct nd_neighbor_advert, nd_na_target));
	}
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
