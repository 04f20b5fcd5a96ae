/* What the benchmarks say of many measurements: order statistics, which assume nothing about how they are distributed. */
#ifndef BENCH_STATISTICS_H
#define BENCH_STATISTICS_H

#include <stddef.h>

/* Sorts, smallest first. */
void statistics_sort(double *values, size_t n);

/* The smallest value that at least this share (0 < share <= 1) of the n sorted ones do not exceed; n > 0. */
double statistics_quantile(const double *sorted, size_t n, double share);

struct statistics_median {
	double median, low, high; /* low .. high holds the true median with a confidence of 95 % at least */
};

/* Of n sorted values; n of 6 or more, with less there is no such interval. */
struct statistics_median statistics_median(const double *sorted, size_t n);

#endif
