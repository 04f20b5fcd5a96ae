/* Frames that say where an address is: see frame.h. */
#include "arp/frame.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip6.h>
#include <string.h>

/* RFC 826, for Ethernet and IPv4, behind its Ethernet header; the kernel's struct arphdr stops before the addresses. */
struct arp_frame {
	struct ethhdr ether;
	uint16_t hardware, protocol;
	uint8_t hardware_len, protocol_len;
	uint16_t operation;
	uint8_t sender_mac[FRAME_MAC_LEN], sender_ip[4];
	uint8_t target_mac[FRAME_MAC_LEN], target_ip[4];
} __attribute__((packed));
_Static_assert(sizeof(struct arp_frame) == FRAME_ARP_LEN, "as RFC 826 draws it");

/* RFC 4861 section 4.4, with the one option of section 4.6.1. */
struct na_frame {
	struct ethhdr ether;
	struct ip6_hdr ip;
	struct nd_neighbor_advert na;
	struct nd_opt_hdr option;
	uint8_t target_mac[FRAME_MAC_LEN];
} __attribute__((packed));
_Static_assert(sizeof(struct na_frame) == FRAME_NA_LEN, "as RFC 4861 draws it");

/* Section 4.3, without options: the unspecified address tells no link-layer address. */
struct ns_frame {
	struct ethhdr ether;
	struct ip6_hdr ip;
	struct nd_neighbor_solicit ns;
} __attribute__((packed));
_Static_assert(sizeof(struct ns_frame) == FRAME_NS_LEN, "as RFC 4861 draws it");

enum { ND_HOP_LIMIT = 255 }; /* sections 7.1.1, 7.1.2: whoever is not on the link cannot send this */
enum { VLAN_TAG_LEN = 4, VLAN_ID_MASK = 0x0fff };

/* Broadcast, about an address; its sender and its target hardware address are still to be said. */
static struct arp_frame arp_about(uint16_t operation, const uint8_t mac[static FRAME_MAC_LEN],
				  const struct ip_address *address) {
	assert(address->family == AF_INET);
	struct arp_frame arp = {
		.ether = {.h_dest = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, .h_proto = htons(ETH_P_ARP)},
		.hardware = htons(ARPHRD_ETHER),
		.protocol = htons(ETH_P_IP),
		.hardware_len = FRAME_MAC_LEN,
		.protocol_len = sizeof(arp.sender_ip),
		.operation = htons(operation),
	};
	memcpy(arp.ether.h_source, mac, FRAME_MAC_LEN);
	memcpy(arp.sender_mac, mac, FRAME_MAC_LEN);
	memcpy(arp.target_ip, address->bytes, sizeof(arp.target_ip));
	return arp;
}

void frame_gratuitous_arp(bool reply, const uint8_t mac[static FRAME_MAC_LEN], const struct ip_address *address,
			  uint8_t out[static FRAME_ARP_LEN]) {
	struct arp_frame arp = arp_about(reply ? ARPOP_REPLY : ARPOP_REQUEST, mac, address);
	memcpy(arp.sender_ip, address->bytes, sizeof(arp.sender_ip));
	if (reply)
		memcpy(arp.target_mac, mac, FRAME_MAC_LEN);
	memcpy(out, &arp, sizeof(arp));
}

void frame_arp_probe(const uint8_t mac[static FRAME_MAC_LEN], const struct ip_address *address,
		     uint8_t out[static FRAME_ARP_LEN]) {
	struct arp_frame arp = arp_about(ARPOP_REQUEST, mac, address);
	memcpy(out, &arp, sizeof(arp));
}

static uint32_t add_words(uint32_t sum, const uint8_t *bytes, size_t len) {
	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
	return len % 2 ? sum + ((uint32_t)bytes[len - 1] << 8) : sum;
}

/* RFC 8200 section 8.1: over the pseudo-header (addresses, length, next header) and the message. In network order; 0 over a
 * message whose own checksum is right. */
static uint16_t icmp6_checksum(const struct ip6_hdr *ip, const uint8_t *message, size_t len) {
	uint32_t sum = (uint32_t)len + IPPROTO_ICMPV6;
	sum = add_words(sum, ip->ip6_src.s6_addr, sizeof(ip->ip6_src));
	sum = add_words(sum, ip->ip6_dst.s6_addr, sizeof(ip->ip6_dst));
	sum = add_words(sum, message, len);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

void frame_unsolicited_na(bool router, const uint8_t mac[static FRAME_MAC_LEN], const struct ip_address *address,
			  uint8_t out[static FRAME_NA_LEN]) {
	enum { NA_LEN = sizeof(struct na_frame) - offsetof(struct na_frame, na) };
	assert(address->family == AF_INET6);
	struct na_frame frame = {
		/* RFC 2464 section 7: 33:33 and the last four octets of ff02::1 */
		.ether = {.h_dest = {0x33, 0x33, 0, 0, 0, 1}, .h_proto = htons(ETH_P_IPV6)},
		.ip = {.ip6_flow = htonl(6u << 28),
		       .ip6_plen = htons(NA_LEN),
		       .ip6_nxt = IPPROTO_ICMPV6,
		       .ip6_hlim = ND_HOP_LIMIT,
		       .ip6_dst = {{{0xff, 0x02, [15] = 1}}}},
		.na = {.nd_na_hdr = {.icmp6_type = ND_NEIGHBOR_ADVERT}},
		.option = {.nd_opt_type = ND_OPT_TARGET_LINKADDR, .nd_opt_len = 1}, /* in units of eight octets */
	};
	frame.na.nd_na_flags_reserved = ND_NA_FLAG_OVERRIDE | (router ? ND_NA_FLAG_ROUTER : 0);
	memcpy(frame.ether.h_source, mac, FRAME_MAC_LEN);
	memcpy(&frame.ip.ip6_src, address->bytes, sizeof(frame.ip.ip6_src));
	memcpy(&frame.na.nd_na_target, address->bytes, sizeof(frame.na.nd_na_target));
	memcpy(frame.target_mac, mac, FRAME_MAC_LEN);
	memcpy(out, &frame, sizeof(frame));
	struct ip6_hdr ip = frame.ip; /* aligned */
	uint16_t checksum = icmp6_checksum(&ip, out + offsetof(struct na_frame, na), NA_LEN);
	memcpy(out + offsetof(struct na_frame, na.nd_na_hdr.icmp6_cksum), &checksum, sizeof(checksum));
}

void frame_neighbour_solicitation(const uint8_t mac[static FRAME_MAC_LEN], const struct ip_address *address,
				  uint8_t out[static FRAME_NS_LEN]) {
	enum { GROUP_TAIL = 13 }; /* RFC 4291 section 2.7.1: ff02::1:ff00:0/104 and the address's last three octets */
	assert(address->family == AF_INET6);
	struct ns_frame frame = {
		.ether = {.h_dest = {0x33, 0x33, 0xff}, .h_proto = htons(ETH_P_IPV6)}, /* RFC 2464 section 7 */
		.ip = {.ip6_flow = htonl(6u << 28),
		       .ip6_plen = htons(sizeof(frame.ns)),
		       .ip6_nxt = IPPROTO_ICMPV6,
		       .ip6_hlim = ND_HOP_LIMIT,
		       .ip6_dst = {{{0xff, 0x02, [11] = 1, [12] = 0xff}}}},
		.ns = {.nd_ns_hdr = {.icmp6_type = ND_NEIGHBOR_SOLICIT}},
	};
	memcpy(frame.ether.h_dest + 3, address->bytes + GROUP_TAIL, 3);
	memcpy(frame.ether.h_source, mac, FRAME_MAC_LEN);
	memcpy(frame.ip.ip6_dst.s6_addr + GROUP_TAIL, address->bytes + GROUP_TAIL, 3);
	memcpy(&frame.ns.nd_ns_target, address->bytes, sizeof(frame.ns.nd_ns_target));
	memcpy(out, &frame, sizeof(frame));
	struct ip6_hdr ip = frame.ip; /* aligned */
	uint16_t checksum = icmp6_checksum(&ip, out + offsetof(struct ns_frame, ns), sizeof(frame.ns));
	memcpy(out + offsetof(struct ns_frame, ns.nd_ns_hdr.icmp6_cksum), &checksum, sizeof(checksum));
}

static int parse_arp(const uint8_t *frame, size_t len, struct frame_claim *claim) {
	struct arp_frame arp;
	if (len < sizeof(arp))
		return -EBADMSG;
	memcpy(&arp, frame, sizeof(arp));
	if (arp.hardware != htons(ARPHRD_ETHER) || arp.protocol != htons(ETH_P_IP) || arp.hardware_len != FRAME_MAC_LEN ||
	    arp.protocol_len != sizeof(arp.sender_ip))
		return -EBADMSG;
	if (arp.operation != htons(ARPOP_REQUEST) && arp.operation != htons(ARPOP_REPLY))
		return -ENOMSG; /* RARP, InARP */
	static const uint8_t nobody[sizeof(arp.sender_ip)];
	if (memcmp(arp.sender_ip, nobody, sizeof(nobody)) == 0)
		return -ENOMSG; /* RFC 5227 section 2.1.1: a probe asks before it claims */
	*claim = (struct frame_claim){
		.kind = arp.operation == htons(ARPOP_REPLY) ? FRAME_ARP_REPLY : FRAME_ARP_REQUEST,
		.address.family = AF_INET,
		.gratuitous = memcmp(arp.sender_ip, arp.target_ip, sizeof(arp.sender_ip)) == 0,
	};
	memcpy(claim->address.bytes, arp.sender_ip, sizeof(arp.sender_ip));
	memcpy(claim->mac, arp.sender_mac, FRAME_MAC_LEN);
	memcpy(claim->from, arp.ether.h_source, FRAME_MAC_LEN);
	return 0;
}

/* Finds the link-layer address of that type among the options. 1 found, 0 there is none, -EBADMSG (sections 7.1.1, 7.1.2:
 * every option has a length greater than zero). */
static int link_address(uint8_t type, const uint8_t *options, size_t len, uint8_t mac[static FRAME_MAC_LEN]) {
	int found = 0;
	while (len >= sizeof(struct nd_opt_hdr)) {
		size_t option_len = (size_t)options[1] * 8;
		if (option_len == 0 || option_len > len)
			return -EBADMSG;
		if (options[0] == type) {
			memcpy(mac, options + sizeof(struct nd_opt_hdr), FRAME_MAC_LEN);
			found = 1;
		}
		options += option_len;
		len -= option_len;
	}
	return len == 0 ? found : -EBADMSG;
}

static int parse_na(const struct ip6_hdr *ip, const uint8_t *message, size_t len, struct frame_claim *found) {
	struct nd_neighbor_advert na;
	memcpy(&na, message, sizeof(na));
	bool solicited = na.nd_na_flags_reserved & ND_NA_FLAG_SOLICITED;
	if (IN6_IS_ADDR_MULTICAST(&na.nd_na_target) || (solicited && IN6_IS_ADDR_MULTICAST(&ip->ip6_dst)))
		return -EBADMSG;
	found->kind = FRAME_NA;
	found->gratuitous = !solicited;
	found->override = na.nd_na_flags_reserved & ND_NA_FLAG_OVERRIDE;
	found->router = na.nd_na_flags_reserved & ND_NA_FLAG_ROUTER;
	memcpy(found->address.bytes, &na.nd_na_target, sizeof(na.nd_na_target));
	int option = link_address(ND_OPT_TARGET_LINKADDR, message + sizeof(na), len - sizeof(na), found->mac);
	return option < 0 ? option : 0;
}

/* Whoever asks for a neighbour says where it is itself. */
static int parse_ns(const struct ip6_hdr *ip, const uint8_t *message, size_t len, struct frame_claim *found) {
	struct nd_neighbor_solicit ns;
	memcpy(&ns, message, sizeof(ns));
	bool nobody = IN6_IS_ADDR_UNSPECIFIED(&ip->ip6_src);
	if (IN6_IS_ADDR_MULTICAST(&ns.nd_ns_target) || IN6_IS_ADDR_MULTICAST(&ip->ip6_src))
		return -EBADMSG;
	found->kind = FRAME_NS;
	memcpy(found->address.bytes, &ip->ip6_src, sizeof(ip->ip6_src));
	int option = link_address(ND_OPT_SOURCE_LINKADDR, message + sizeof(ns), len - sizeof(ns), found->mac);
	if (option < 0 || (option && nobody)) /* section 7.1.1 */
		return -EBADMSG;
	return nobody ? -ENOMSG : 0;
}

static int parse_nd(const uint8_t *frame, size_t len, struct frame_claim *claim) {
	struct ip6_hdr ip;
	if (len < ETH_HLEN + sizeof(ip))
		return -EBADMSG;
	memcpy(&ip, frame + ETH_HLEN, sizeof(ip));
	const uint8_t *message = frame + ETH_HLEN + sizeof(ip);
	size_t room = len - ETH_HLEN - sizeof(ip), message_len = ntohs(ip.ip6_plen);
	if (ip.ip6_vfc >> 4 != 6 || message_len > room)
		return -EBADMSG;
	if (ip.ip6_nxt != IPPROTO_ICMPV6 || message_len == 0 ||
	    (message[0] != ND_NEIGHBOR_ADVERT && message[0] != ND_NEIGHBOR_SOLICIT))
		return -ENOMSG;
	struct icmp6_hdr icmp;
	_Static_assert(sizeof(struct nd_neighbor_advert) == sizeof(struct nd_neighbor_solicit), "one length for both");
	if (ip.ip6_hlim != ND_HOP_LIMIT || message_len < sizeof(struct nd_neighbor_advert) ||
	    icmp6_checksum(&ip, message, message_len) != 0)
		return -EBADMSG;
	memcpy(&icmp, message, sizeof(icmp));
	if (icmp.icmp6_code != 0)
		return -EBADMSG;
	struct frame_claim found = {.address.family = AF_INET6};
	memcpy(found.from, frame + ETH_ALEN, FRAME_MAC_LEN);
	memcpy(found.mac, found.from, FRAME_MAC_LEN);
	int error = icmp.icmp6_type == ND_NEIGHBOR_ADVERT ? parse_na(&ip, message, message_len, &found)
							  : parse_ns(&ip, message, message_len, &found);
	if (error)
		return error;
	*claim = found;
	return 0;
}

static int parse_untagged(const uint8_t *frame, size_t len, uint16_t type, struct frame_claim *claim) {
	if (type == htons(ETH_P_ARP))
		return parse_arp(frame, len, claim);
	if (type == htons(ETH_P_IPV6))
		return parse_nd(frame, len, claim);
	return -ENOMSG;
}

/* VLAN 0 is none (IEEE 802.1Q, the null VLAN ID): the tag holds a priority alone, and the kernel takes such frames for
 * untagged ones. */
static int parse_tagged(const uint8_t *frame, size_t len, struct frame_claim *claim) {
	enum { ADDRESSES = 2 * FRAME_MAC_LEN, BEHIND = ADDRESSES + VLAN_TAG_LEN };
	uint8_t untagged[FRAME_LONGEST] = {0};
	uint16_t tag, type;
	if (len < BEHIND + sizeof(type) || len > sizeof(untagged))
		return len > sizeof(untagged) ? -ENOMSG : -EBADMSG;
	memcpy(&tag, frame + ETH_HLEN, sizeof(tag));
	memcpy(&type, frame + BEHIND, sizeof(type));
	if (ntohs(tag) & VLAN_ID_MASK)
		return -ENOMSG;
	memcpy(untagged, frame, ADDRESSES);
	memcpy(untagged + ADDRESSES, frame + BEHIND, len - BEHIND);
	return parse_untagged(untagged, len - VLAN_TAG_LEN, type, claim);
}

int frame_parse(const uint8_t *frame, size_t len, struct frame_claim *claim) {
	struct ethhdr ether;
	if (len < sizeof(ether))
		return -EBADMSG;
	memcpy(&ether, frame, sizeof(ether));
	if (ether.h_proto == htons(ETH_P_8021Q) || ether.h_proto == htons(ETH_P_8021AD))
		return parse_tagged(frame, len, claim);
	return parse_untagged(frame, len, ether.h_proto, claim);
}
