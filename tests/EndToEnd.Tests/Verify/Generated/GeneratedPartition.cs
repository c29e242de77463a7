using System.Buffers.Binary;
using Alloc.Engine.Processing;
using Alloc.Processors.Allocation;
using Alloc.Processors.Allocation.Ledger;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Avro;
using Alloc.Verify;
using Alloc.Web.Json;
using AllocationLedger = Alloc.Processors.Allocation.Ledger.AllocationLedger;

namespace EndToEnd.Tests.Verify.Generated;

/// <summary>
/// One partition: what the engine would read of its records, the ledger that decides them, the journal that it leaves
/// (on disk: a history is longer than memory should be), and the checker that reads both as they come.
/// </summary>
internal sealed class GeneratedPartition : IDisposable
{
    public const string Commands = "allocation.commands";
    public const string Journal = "allocation.outcomes";
    private const int AccusedKept = 8;
    private const int Recent = 200;
    private const string Shadow = "allocation.shadow.outcomes";
    private readonly int partition;
    private readonly CommandRecords records;
    private readonly int partitionCount;
    private readonly Findings findings;
    private readonly Queue<ObservedCommand> pending = [];
    private readonly Queue<ObservedCommand> pendingForShadow = [];
    private readonly Queue<ObservedCommand> pendingForLate = [];
    private readonly Queue<ObservedCommand> recent = [];
    private PartitionChecker? late;
    private long lateFrom;
    private readonly Dictionary<Position, ObservedDeadLetter> deadLetters = [];
    private readonly PartitionChecker checker;
    private readonly PartitionChecker? shadowChecker;
    private readonly AllocationLedger? shadow;
    private readonly List<AllocationOutcome> outcomes = [];
    private readonly FileStream journal;
    private readonly AvroWriter writer = new();
    private AllocationLedger ledger;
    private long offset;
    private long outcomeOffset;
    private long shadowOffset;

    /// <param name="partition">The partition.</param>
    /// <param name="partitionCount">How many there are.</param>
    /// <param name="records">How records are read.</param>
    /// <param name="path">File for the journal.</param>
    /// <param name="hasShadow">Whether a shadow decides beside it.</param>
    /// <param name="findings">What is found.</param>
    public GeneratedPartition(
        int partition, int partitionCount, CommandRecords records, string path, bool hasShadow, Findings findings)
    {
        this.partition = partition;
        this.partitionCount = partitionCount;
        this.records = records;
        this.findings = findings;
        journal = new FileStream(path, FileMode.Create, FileAccess.ReadWrite, FileShare.None, 1 << 16);
        ledger = new AllocationLedger(State, PolicyVersions.Version0, partition);
        checker = new PartitionChecker(partition, Facts(pending, isShadow: false), findings);
        if (hasShadow)
        {
            shadow = new AllocationLedger(
                new InMemoryLedgerState(), PolicyVersions.Version0, partition, LedgerRole.Shadow);
            shadowChecker = new PartitionChecker(partition, Facts(pendingForShadow, isShadow: true), findings);
        }
    }

    public InMemoryLedgerState State { get; private set; } = new();

    public PartitionCounts Counts => checker.Counts;

    /// <summary>Reasons of refusals, answers by their kind and events: how far a history reaches.</summary>
    public HashSet<string> Reached { get; } = new(StringComparer.Ordinal);

    /// <summary>The first records whose outcomes were found wrong, and those outcomes.</summary>
    public List<string> Accused { get; } = [];

    /// <summary>Called with every outcome, as the checker sees it.</summary>
    public Action<ObservedOutcome> OnOutcome { get; init; } = static _ => { };

    /// <summary>
    /// From here on the history is read a second time, as what retention leaves of it: the journal begins here, and the
    /// commands a little earlier or later.
    /// </summary>
    /// <param name="commandsAfter">How many commands more or less are gone.</param>
    public void ForgetBeginning(int commandsAfter)
    {
        lateFrom = Math.Max(0, offset + commandsAfter);
        late = new PartitionChecker(
            partition, Facts(pendingForLate, isShadow: false) with
            {
                FirstOffsets = new Dictionary<string, long> { [Commands] = lateFrom },
                JournalStartsAtFirst = false,
            },
            findings);
        foreach (var command in recent.Where(c => c.At.Offset >= lateFrom))
        {
            pendingForLate.Enqueue(command);
        }
    }

    /// <summary>Appends a record, has it decided, and lets the checker read what came of it.</summary>
    public void Append(in GeneratedRecord record, long timestampMs)
    {
        var at = new Position(Commands, partition, offset++);
        LedgerRecord read;
        try
        {
            read = records.Read(Commands, partition, at.Offset, timestampMs, record.Key, record.Value);
        }
        catch (BadRecordException error)
        {
            deadLetters[at] = new ObservedDeadLetter(
                new Position(Commands + ".dlq", partition, deadLetters.Count), at, error.Message);
            Observe(new ObservedCommand { At = at, TimestampMs = timestampMs, IsReadable = false });
            return;
        }
        Observe(Observation.Of(read.Command, at, timestampMs, record.Key, partitionCount));
        outcomes.Clear();
        ledger.Fold(read, outcomes);
        foreach (var outcome in outcomes)
        {
            var observed = Observation.Of(
                Write(outcome), new Position(Journal, partition, outcomeOffset++), outcome.PoolId);
            Reached.Add(observed.Event);
            Reached.Add($"{observed.Answer}");
            Reached.UnionWith(observed.Reasons);
            var before = findings.Count;
            checker.Observe(observed);
            late?.Observe(observed);
            if (findings.Count > before && Accused.Count < AccusedKept)
            {
                Accused.Add($"{observed.At} of {at}: {observed.Answer} {observed.Event} "
                    + $"{string.Join(", ", observed.Reasons)} for {Show(read.Command)}\n    {Show(outcome)}");
            }
            OnOutcome(observed);
        }
        Shade(read);
    }

    /// <summary>State is forgotten and built again from the bytes of the journal.</summary>
    public void Restart()
    {
        State = new InMemoryLedgerState();
        journal.Position = 0;
        var size = new byte[sizeof(int)];
        while (journal.Position < journal.Length)
        {
            journal.ReadExactly(size);
            var bytes = new byte[BinaryPrimitives.ReadInt32LittleEndian(size)];
            journal.ReadExactly(bytes);
            Evolve.Apply(State, Read(bytes));
        }
        ledger = new AllocationLedger(State, PolicyVersions.Version0, partition);
    }

    /// <summary>Checks what is left at the end.</summary>
    /// <returns>Who decides about what, and the policies taken.</returns>
    public (PartitionAuthority Authority, IReadOnlyDictionary<int, ObservedPolicy> Policies) Complete()
    {
        checker.Complete();
        shadowChecker?.Complete();
        late?.Complete();
        var availability = State.Pools.Values.Where(p => p.PoolId[0] != '$').ToDictionary(
            p => p.PoolId,
            p => new ObservedAvailability(
                default, p.PoolId, p.PoolId, p.Sequence, Observation.Balances(p.Balances), IsTombstone: false));
        checker.CheckAvailability(availability);
        late?.CheckAvailability(availability);
        return (checker.Authority(hasMovedOn: false), checker.Policies);
    }

    public void Dispose()
    {
        journal.Dispose();
        writer.Dispose();
    }

    private void Observe(ObservedCommand command)
    {
        pending.Enqueue(command);
        recent.Enqueue(command);
        if (recent.Count > Recent)
        {
            recent.Dequeue();
        }
        if (late is not null && command.At.Offset >= lateFrom)
        {
            pendingForLate.Enqueue(command);
        }
        if (shadow is not null)
        {
            pendingForShadow.Enqueue(command);
        }
    }

    private void Shade(in LedgerRecord read)
    {
        if (shadow is null)
        {
            return;
        }
        outcomes.Clear();
        shadow.Fold(read, outcomes);
        foreach (var outcome in outcomes)
        {
            shadowChecker!.Observe(Observation.Of(
                outcome, new Position(Shadow, partition, shadowOffset++), outcome.PoolId));
        }
    }

    // What is read again is what was written.
    private AllocationOutcome Write(AllocationOutcome outcome)
    {
        writer.Clear();
        outcome.Write(writer);
        Span<byte> size = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(size, writer.WrittenSpan.Length);
        journal.Position = journal.Length;
        journal.Write(size);
        journal.Write(writer.WrittenSpan);
        return Read(writer.WrittenSpan);
    }

    private static AllocationOutcome Read(ReadOnlySpan<byte> bytes)
    {
        var reader = new AvroReader(bytes);
        return AllocationOutcome.Read(ref reader);
    }

    private static string Show<T>(T record)
        where T : class, IAvroRecord<T>
    {
        using var writer = new AvroWriter();
        record.Write(writer);
        return AvroJson.Read(T.Schema, writer.WrittenSpan)!.ToJsonString();
    }

    private PartitionFacts Facts(Queue<ObservedCommand> commands, bool isShadow) => new()
    {
        Commands = new Dictionary<string, Func<ObservedCommand?>>
        {
            [Commands] = () => commands.TryDequeue(out var next) ? next : null,
        },
        CommittedFirst = Committed(isShadow),
        CommittedLast = Committed(isShadow),
        FirstOffsets = new Dictionary<string, long> { [Commands] = 0 },
        DeadLetters = deadLetters,
        IsShadow = isShadow,
    };

    private static Dictionary<string, long> Committed(bool isShadow) =>
        isShadow ? [] : new() { [Commands] = long.MaxValue };
}
