package io.github.gpt2server.ops.metrics;

import com.sun.management.OperatingSystemMXBean;
import io.github.gpt2server.memory.MemoryBudget;
import io.github.gpt2server.memory.MemoryUse;
import io.github.gpt2server.platform.ProcessStatus;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.lang.management.ManagementFactory;

/**
 * The memory of the whole process, libtorch's included, which the JVM's own meters do not see, and
 * how much it may be; what of the heap is for requests, and what they hold of that.
 */
public final class MemoryMetrics implements MeterBinder {
  private final MemoryBudget budget;

  /** Shows this budget. */
  public MemoryMetrics(MemoryBudget budget) {
    this.budget = budget;
  }

  @Override
  public void bindTo(MeterRegistry registry) {
    if (ProcessStatus.kibibytes("VmRSS").isPresent()) {
      Gauge.builder(
              "process.resident.memory", () -> ProcessStatus.kibibytes("VmRSS").orElse(0) * 1024.0)
          .description("Resident memory of the process, including pages of mapped files")
          .baseUnit("bytes")
          .register(registry);
    }
    Gauge.builder(
            "gpt2.memory.limit",
            ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class),
            OperatingSystemMXBean::getTotalMemorySize)
        .description("Memory limit of the process: the container's limit, or the machine's memory")
        .baseUnit("bytes")
        .register(registry);
    Gauge.builder("gpt2.memory.budget", budget, MemoryBudget::bytes)
        .description("Heap memory that all requests together may hold")
        .baseUnit("bytes")
        .register(registry);
    for (MemoryUse use : MemoryUse.values()) {
      Gauge.builder("gpt2.memory.reserved", budget, b -> b.reserved(use))
          .description("Heap memory reserved by requests")
          .tag("use", use.label())
          .baseUnit("bytes")
          .register(registry);
    }
  }
}
