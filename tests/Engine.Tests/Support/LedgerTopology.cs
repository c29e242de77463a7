using System.Globalization;
using Alloc.Engine.Processing;
using Alloc.Engine.State;
using Alloc.Engine.Topology;

namespace Engine.Tests.Support;

/// <summary>
/// A small ledger in the manner of allocation: every command leads to an outcome with the next sequence of its key; the
/// outcomes are the journal of the store; a compacted topic has the last one of each key and commit.
/// </summary>
internal sealed class LedgerTopology(string commands, string outcomes, string latest, string deadLetters)
{
    /// <summary>The key, and a part of the values, that the program's fault concerns.</summary>
    public const string Faulty = "faulty";

    public const string StoreName = "sequences";
    public const string TimersName = "timers";

    /// <summary>Set to make processing and restoring of the value "wait" fail as a dependency would.</summary>
    public bool IsDependencyDown { get; set; }

    /// <summary>Where the program has a fault, for <see cref="Faulty"/> and its partition.</summary>
    public LedgerFault Fault { get; set; }

    public Topology Build() => new TopologyBuilder()
        .AddSource("commands", commands, Serdes.Utf8, Serdes.Utf8, new SourceOptions
        {
            DeadLetterTopic = deadLetters,
            Tick = (_, _) => new TickRecord("$tick"u8.ToArray(), "tick"u8.ToArray()),
            RequireLogAppendTime = true,
        })
        .AddProcessor("ledger", () => new LedgerProcessor(this), "commands")
        .AddStateStore(StoreDefinition.KeyValue(StoreName, 1, Serdes.Utf8, Serdes.Utf8), "ledger")
        .AddStateStore(StoreDefinition.TimeIndex(TimersName, 2, Serdes.Utf8), "ledger")
        .AddSink("outcomes", outcomes, Serdes.Utf8, new FaultySerde(this, LedgerFault.SinkSerializer),
            new SinkOptions { Partitioning = SinkPartitioning.TaskPartition }, "ledger")
        .AddSink("latest", latest, Serdes.Utf8, new FaultySerde(this, LedgerFault.DeferredSerializer), new SinkOptions
        {
            Partitioning = SinkPartitioning.TaskPartition,
            Emit = SinkEmit.LastPerKeyPerCommit,
            CleanupPolicy = "compact",
        }, "ledger")
        .UseJournal("outcomes", () => new LedgerApplier(this), StoreName, TimersName)
        .Build();

    /// <summary>Partitions of the topics, for the faults that concern one.</summary>
    public int PartitionCount { get; set; } = 1;

    private int FaultyPartition => Alloc.Engine.Partitioning.Murmur2.Partition("faulty"u8, PartitionCount);

    private void Fail(LedgerFault fault, bool isFaulty)
    {
        if (isFaulty && Fault == fault)
        {
            throw new InvalidOperationException($"a fault in {fault}");
        }
    }

    private void FailAsBadRecord(LedgerFault fault, bool isFaulty)
    {
        if (isFaulty && Fault == fault)
        {
            throw new BadRecordException($"a fault in {fault}");
        }
    }

    /// <summary>UTF-8, with a fault for texts that name it.</summary>
    private sealed class FaultySerde(LedgerTopology topology, LedgerFault fault) : ISerde<string>
    {
        public void Serialize(string value, System.Buffers.IBufferWriter<byte> output)
        {
            topology.Fail(fault, value.Contains(Faulty, StringComparison.Ordinal));
            Serdes.Utf8.Serialize(value, output);
        }

        public string Deserialize(ReadOnlySpan<byte> data) => Serdes.Utf8.Deserialize(data);
    }

    /// <summary>One outcome as text: sequence|topic|partition|offset|original|body.</summary>
    internal sealed record Outcome(
        long Sequence, string Topic, int Partition, long Offset, bool IsOriginal, string Body)
    {
        public static Outcome Parse(string text)
        {
            var parts = text.Split('|', 6);
            return new(Number(parts[0]), parts[1], (int)Number(parts[2]), Number(parts[3]), parts[4] == "1", parts[5]);
        }

        public override string ToString() =>
            string.Create(
                CultureInfo.InvariantCulture, $"{Sequence}|{Topic}|{Partition}|{Offset}|{(IsOriginal ? 1 : 0)}|{Body}");

        private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
    }

    private sealed class LedgerProcessor(LedgerTopology topology) : IProcessor<string, string, string, string>
    {
        private IProcessorContext<string, string> context = null!;
        private IKeyValueStore<string, string> sequences = null!;
        private ITimeIndex<string> timers = null!;

        public void Init(IProcessorContext<string, string> processorContext)
        {
            context = processorContext;
            sequences = context.GetStore<IKeyValueStore<string, string>>(StoreName);
            timers = context.GetStore<ITimeIndex<string>>(TimersName);
            var isFaulty = context.Partition == topology.FaultyPartition;
            topology.Fail(LedgerFault.Init, isFaulty);
            if (topology.Fault is LedgerFault.Punctuator or LedgerFault.BadRecordInPunctuator)
            {
                // Only then: a punctuation is a transaction.
                context.Schedule(TimeSpan.FromMilliseconds(10), PunctuationType.WallClock, _ =>
                {
                    topology.Fail(LedgerFault.Punctuator, isFaulty);
                    topology.FailAsBadRecord(LedgerFault.BadRecordInPunctuator, isFaulty);
                });
            }
            context.WhenCommitted((_, _) => topology.Fail(LedgerFault.CommitObserver, isFaulty));
            ScheduleTick();
        }

        public void Process(in Record<string, string> record)
        {
            var nowMs = record.TimestampMs;
            while (timers.TryPeek(out var dueAtMs, out var key) && dueAtMs <= nowMs)
            {
                timers.Remove(dueAtMs, key);
                topology.Fail(LedgerFault.TimerRule, key == Faulty);
                Emit(key, $"expired {dueAtMs}", nowMs, isOriginal: false);
            }
            if (record.Key == "$tick")
            {
                ScheduleTick();
                return;
            }
            topology.Fail(LedgerFault.Processor, record.Key == Faulty);
            Emit(record.Key, record.Value, nowMs, isOriginal: true);
            switch (record.Value.Split(' '))
            {
                case ["throw"]:
                    throw new InvalidOperationException("asked to fail");
                case ["bad"]:
                    throw new BadRecordException("not a command");
                case ["wait"] when topology.IsDependencyDown:
                    throw new DependencyUnavailableException("the registry");
                case ["timer", var afterMs, ..]:
                    timers.Add(nowMs + long.Parse(afterMs, CultureInfo.InvariantCulture), record.Key);
                    break;
            }
            ScheduleTick();
        }

        private void ScheduleTick() =>
            context.ScheduleTick(timers.TryPeek(out var dueAtMs, out _) ? dueAtMs : long.MaxValue);

        private void Emit(string key, string body, long nowMs, bool isOriginal)
        {
            var source = context.Metadata!.Value;
            var sequence = long.Parse(sequences.Get(key) ?? "0", CultureInfo.InvariantCulture) + 1;
            sequences.Put(key, sequence.ToString(CultureInfo.InvariantCulture));
            var text = new Outcome(
                sequence, source.Topic, source.Partition, source.Offset, isOriginal, $"{nowMs} {body}").ToString();
            context.Forward(new Record<string, string>(key, text, nowMs));
        }
    }

    private sealed class LedgerApplier(LedgerTopology topology) : IJournalApplier
    {
        public JournalEntry Apply(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, long offset, IStores stores)
        {
            var id = System.Text.Encoding.UTF8.GetString(key);
            topology.Fail(LedgerFault.Applier, id == Faulty);
            var outcome = Outcome.Parse(System.Text.Encoding.UTF8.GetString(value));
            var sequences = stores.GetStore<IKeyValueStore<string, string>>(StoreName);
            var last = long.Parse(sequences.Get(id) ?? "0", CultureInfo.InvariantCulture);
            if (outcome.Sequence != last + 1)
            {
                throw new StreamsException($"{id} goes from sequence {last} to {outcome.Sequence} at offset {offset}");
            }
            sequences.Put(id, outcome.Sequence.ToString(CultureInfo.InvariantCulture));
            var timers = stores.GetStore<ITimeIndex<string>>(TimersName);
            switch (outcome.Body.Split(' '))
            {
                case [var atMs, "timer", var afterMs, ..]:
                    timers.Add(Number(atMs) + Number(afterMs), id);
                    break;
                case [_, "expired", var dueAtMs]:
                    timers.Remove(Number(dueAtMs), id);
                    break;
                case [_, "wait"] when topology.IsDependencyDown:
                    throw new DependencyUnavailableException("the registry");
            }
            return new JournalEntry(outcome.Topic, outcome.Partition, outcome.Offset, outcome.IsOriginal);
        }

        private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
    }
}

/// <summary>Where the ledger's program has a fault.</summary>
public enum LedgerFault
{
    None,
    Processor,
    TimerRule,
    Punctuator,
    BadRecordInPunctuator,
    Init,
    CommitObserver,
    SinkSerializer,
    DeferredSerializer,
    Applier,
}
