/* The modelled kernel of one node: its clock, its jiffies, and what decides whether frames from a shared IP leave: the lease
 * and the addresses. The lease is nftables' (a permit, a grant, renewals by marked heartbeats, expiry in jiffies that may
 * lag), or its stand-in: a timer inside the daemon, which ends nothing unless the daemon runs. */
#ifndef SIM_KERNEL_H
#define SIM_KERNEL_H

#include <stdbool.h>

#include "hamon/core/core.h"
#include "tests/sim/tally.h"

struct kernel {
	enum lease_mode mode;
	int64_t rate_ppm; /* the clock runs so much too fast */
	span_t offset;
	span_t tick, lag, length;  /* 1/HZ; how far jiffies may lag; of the lease */
	mono_t still, still_until; /* the newest standstill of the jiffies */
	mono_t permit_end;         /* 0: none. With nftables, as the jiffies count; with the stand-in, as the clock does */
	mono_t lease_end;
	mono_t ran_out; /* when a lease last ended of itself; MONO_NEVER */
	struct ip_set present;
};

void kernel_init(struct kernel *kernel, enum lease_mode mode, const struct timers *timers);

/* The node's clock at a true time, and back: the first true time at which the clock shows at least `clock`. */
mono_t kernel_clock(const struct kernel *kernel, mono_t when);
mono_t kernel_when(const struct kernel *kernel, mono_t clock);

/* All times from here on are of the node's clock. */

void kernel_permit(struct kernel *kernel, mono_t now, span_t life);
void kernel_drop_permit(struct kernel *kernel);
void kernel_drop_lease(struct kernel *kernel);

/* A heartbeat leaves. A renewal passes only while the lease lives, a grant only while the permit stands; they then set the
 * lease. Returns whether the frame passed. */
bool kernel_pass(struct kernel *kernel, mono_t now, enum heartbeat_mark mark);

bool kernel_leased(struct kernel *kernel, mono_t now);
/* Could a frame from the shared IP leave now? With nftables the lease alone says so; with the stand-in the addresses do. */
bool kernel_emits(struct kernel *kernel, mono_t now);
/* Does it serve all of these? */
bool kernel_serves(struct kernel *kernel, mono_t now, const struct ip_set *ips);

/* The jiffies stand still from now on, for at most the lag; ignored while they do. */
bool kernel_stall_jiffies(struct kernel *kernel, mono_t now, span_t length);

#endif
