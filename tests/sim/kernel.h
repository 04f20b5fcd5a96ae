/* The modelled kernel of one node: its clock, its jiffies, and what decides whether frames of a shared IP leave: the nftables
 * table with its permit and its lease (expiry in jiffies, which may lag), and the addresses, which expire as well.
 *
 * The table can be gone, or have lost its chains on the interface of the shared IPs: then nothing is guarded, whatever has
 * the address speaks, and where the table is gone a marked heartbeat leaves and sets nothing. */
#ifndef SIM_KERNEL_H
#define SIM_KERNEL_H

#include <stdbool.h>

#include "hamon/core/core.h"

struct kernel {
	int64_t rate_ppm; /* the clock runs so much too fast */
	span_t offset;
	span_t tick, lag, length;  /* 1/HZ; how far jiffies may lag; of the lease */
	mono_t still, still_until; /* the newest standstill of the jiffies */
	bool table, hooked;        /* the table stands; and its chains are where the shared IPs are */
	mono_t permit_end;         /* as the jiffies count; 0: none */
	mono_t lease_end;
	mono_t ran_out; /* when a lease last ended of itself; MONO_NEVER */
	struct ip_set present;
	mono_t valid_until;    /* of the addresses, unless renewed */
	struct ip_set expired; /* those that no one renewed; the process is not told yet */
};

void kernel_init(struct kernel *kernel, const struct timers *timers);

/* The node's clock at a true time, and back: the first true time at which the clock shows at least `clock`. */
mono_t kernel_clock(const struct kernel *kernel, mono_t when);
mono_t kernel_when(const struct kernel *kernel, mono_t clock);
/* Another rate from this true time on; the clock never goes back. */
void kernel_set_rate(struct kernel *kernel, mono_t when, int64_t rate_ppm);

/* All times from here on are of the node's clock. */

/* A new table, without a lease and without a permit; its chains, if there is an interface to hook them to. */
void kernel_build(struct kernel *kernel, bool interface);
void kernel_flush(struct kernel *kernel);

/* False: there is no table. */
bool kernel_permit(struct kernel *kernel, mono_t now, span_t life);
void kernel_drop_permit(struct kernel *kernel);
/* The permit with it. */
void kernel_drop_lease(struct kernel *kernel);

/* A heartbeat leaves. A renewal passes only while the lease lives, a grant only while the permit stands; they then set the
 * lease. Returns whether the frame passed. */
bool kernel_pass(struct kernel *kernel, mono_t now, enum heartbeat_mark mark);
bool kernel_leased(struct kernel *kernel, mono_t now);

/* Addresses are valid for whole seconds, and outlive the lease; the kernel looks at them a little late. */
#define KERNEL_VALID_LATE (250 * MSEC)
span_t kernel_validity(const struct kernel *kernel);
void kernel_validate(struct kernel *kernel, mono_t now, span_t life);
/* Those that have not expired. */
const struct ip_set *kernel_present(struct kernel *kernel, mono_t now);

/* A frame of a shared IP: does it leave now? `raw`: of a socket that needs no address. Guarded, it is taken for that. */
bool kernel_emits(struct kernel *kernel, mono_t now, bool raw);
/* Does it serve all of these? */
bool kernel_serves(struct kernel *kernel, mono_t now, const struct ip_set *ips);

/* The jiffies stand still from now on; a standstill under way is prolonged. */
void kernel_stall_jiffies(struct kernel *kernel, mono_t now, mono_t until);
bool kernel_stalled(const struct kernel *kernel, mono_t now);

#endif
