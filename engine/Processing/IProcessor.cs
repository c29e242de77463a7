using Alloc.Engine.Watermarks;

namespace Alloc.Engine.Processing;

/// <summary>
/// A step of a topology, in the manner of Kafka Streams' Processor API (KIP-478). One instance serves one task and is
/// only ever called by one thread at a time; it is synchronous and keeps nothing but its stores.
/// </summary>
public interface IProcessor<TKeyIn, TValueIn, TKeyOut, TValueOut>
{
    /// <summary>
    /// Called when the task's stores are restored, before the first record; again on a new instance whenever the task
    /// had to drop uncommitted work.
    /// </summary>
    void Init(IProcessorContext<TKeyOut, TValueOut> context);

    /// <summary>
    /// Processes one record. Writes, outputs and timers take effect when the method returns; if it throws, they are
    /// dropped. Whatever it throws beside the exceptions named here is a fault of the program, and stops the task at
    /// this record.
    /// </summary>
    /// <exception cref="BadRecordException">The record is at fault: only a dead letter is written.</exception>
    /// <exception cref="DependencyUnavailableException">Something outside does not answer; the record is tried
    /// again.</exception>
    void Process(in Record<TKeyIn, TValueIn> record);

    /// <summary>Called once, when the task closes; commits nothing.</summary>
    void Close()
    {
    }
}

/// <summary>What a punctuator's time is measured by.</summary>
public enum PunctuationType
{
    /// <summary>The task's stream time, the highest record timestamp so far; stands still when input does.</summary>
    StreamTime,

    /// <summary>The host's clock.</summary>
    WallClock,
}

/// <summary>Records that the engine's own processors do not treat as others.</summary>
public enum UnusualRecord
{
    /// <summary>It has no key, so it can meet or be counted with nobody; an outer side lets it go alone.</summary>
    NullKey,

    /// <summary>It has no value, so it says nothing to a join of streams or to an aggregate; it is dropped.</summary>
    NullValue,

    /// <summary>The window that was asked for is longer than the join keeps any; it left at the longest.</summary>
    Truncated,

    /// <summary>It is for a whole partition, and of a kind that this version does not know; it is skipped.</summary>
    UnknownControl,
}

/// <summary>What a processor may ask of its task, whatever it forwards.</summary>
public interface IProcessorContext
{
    /// <summary>The task.</summary>
    TaskId TaskId { get; }

    /// <summary>
    /// The task's partition: of its sources, and of the sinks that write to the task's own partition.
    /// </summary>
    int Partition { get; }

    /// <summary>Where the record being processed came from; null inside a punctuation.</summary>
    RecordMetadata? Metadata { get; }

    /// <summary>
    /// The highest record timestamp that the task has seen, in milliseconds; <see cref="long.MinValue"/> before the
    /// first.
    /// </summary>
    long StreamTimeMs { get; }

    /// <summary>
    /// The host's clock, milliseconds since the Unix epoch. Never a part of a decision that must replay.
    /// </summary>
    long WallClockMs { get; }

    /// <summary>
    /// The broker's clock, milliseconds since 1970 UTC, as its timestamps tell it; the host's where the topology uses
    /// no watermarks. What is emitted because nobody came has this as its timestamp.
    /// </summary>
    long ClockMs { get; }

    /// <summary>A store that the topology connected to this processor.</summary>
    /// <typeparam name="TStore">The store's interface, such as <c>IKeyValueStore&lt;string, Pool&gt;</c>.</typeparam>
    /// <exception cref="TopologyException">The store is not connected to this processor, or is of another
    /// type.</exception>
    TStore GetStore<TStore>(string name)
        where TStore : class;

    /// <summary>
    /// Calls back every interval until the result is disposed; the callback gets the time in milliseconds.
    /// </summary>
    IDisposable Schedule(TimeSpan interval, PunctuationType type, Action<long> punctuator);

    /// <summary>
    /// Says the earliest log time at which this task has work due without input. When the broker's clock passes it and
    /// the partition is idle, the engine appends a tick record to the task's own input partition. The last call counts.
    /// </summary>
    /// <param name="dueAtMs">Milliseconds since the Unix epoch; <see cref="long.MaxValue"/> for none.</param>
    void ScheduleTick(long dueAtMs);

    /// <summary>
    /// Up to when a source of this task is known, milliseconds since 1970 UTC; <see cref="long.MinValue"/> while
    /// nothing is known of it. Never goes back, and is part of the state.
    /// </summary>
    /// <exception cref="TopologyException">The topic is no source of this task, or the topology does not use
    /// watermarks.</exception>
    long WatermarkMs(string topic);

    /// <summary>
    /// Makes a timer that claims the silence of some sources of this task. Its callback runs between two records, in
    /// the same transaction as they do; it should do a bounded piece of work, and is called again while more is due.
    /// When it throws <see cref="DependencyUnavailableException"/>, it is called again after a while.
    /// </summary>
    /// <param name="topics">The sources whose silence is claimed, at least one.</param>
    /// <param name="onPassed">Gets the least watermark of them.</param>
    /// <exception cref="TopologyException">A topic is no source of this task, or the topology does not use
    /// watermarks.</exception>
    IWatermarkTimer CreateWatermarkTimer(IReadOnlyCollection<string> topics, Action<long> onPassed);

    /// <summary>Counts a record that came too late to be taken (<c>alloc_late_records_total</c>).</summary>
    /// <param name="topic">Its source.</param>
    void ReportLate(string topic);

    /// <summary>Counts a record that went a way of its own.</summary>
    void ReportUnusual(UnusualRecord kind);

    /// <summary>
    /// Calls back when a commit is acknowledged, with the input topic and the offset after the last record that it
    /// covers. For measuring: it is outside any transaction, must not throw, and is forgotten when the processor is
    /// made anew.
    /// </summary>
    void WhenCommitted(Action<string, long> observer);
}

/// <summary>A processor's context with the types that it forwards.</summary>
public interface IProcessorContext<TKeyOut, TValueOut> : IProcessorContext
{
    /// <summary>Hands a record to all children, or to the child of that name.</summary>
    /// <exception cref="TopologyException">There is no such child.</exception>
    void Forward(in Record<TKeyOut, TValueOut> record, string? child = null);
}
