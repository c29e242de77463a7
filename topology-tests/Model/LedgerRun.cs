using Alloc.Processors.Allocation.Ledger;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Avro;

namespace Topology.Tests.Model;

/// <summary>
/// The ledger of one partition that runs a script, line by line, and can be restarted from its journal.
/// </summary>
internal sealed class LedgerRun
{
    private const int Partition = 3;
    private readonly AllocationPolicy policy;
    private readonly LedgerRole role;
    private readonly List<AllocationCommand> sent = [];
    private AllocationLedger ledger;
    private long offset;

    public LedgerRun(AllocationPolicy policy, LedgerRole role = LedgerRole.Authority)
    {
        this.policy = policy;
        this.role = role;
        ledger = new AllocationLedger(State, policy, Partition, role);
    }

    public InMemoryLedgerState State { get; private set; } = new();

    public List<AllocationOutcome> Journal { get; } = [];

    /// <summary>The commands sent so far.</summary>
    public IReadOnlyList<AllocationCommand> Sent => sent;

    public long NowMs { get; private set; } = Histories.BeginMs;

    /// <summary>Runs a line.</summary>
    /// <returns>The command that it sent, null for none, and its outcomes.</returns>
    public (AllocationCommand? Command, List<AllocationOutcome> Outcomes) Run(ScriptLine line)
    {
        switch (line.Verb)
        {
            case "wait":
                NowMs += line.Number(1, 0);
                return (null, []);
            case "restart":
                Restart();
                return (null, []);
            case "again":
                var back = (int)line.Number(1, 1);
                return sent.Count < back ? (null, []) : (sent[^back], Fold(sent[^back]));
            default:
                var command = Command(line);
                sent.Add(command);
                return (command, Fold(command));
        }
    }

    /// <summary>State is forgotten and built again from the bytes of the journal.</summary>
    public void Restart()
    {
        State = new InMemoryLedgerState();
        foreach (var outcome in Journal)
        {
            var reader = new AvroReader(BytesOf(outcome));
            Evolve.Apply(State, AllocationOutcome.Read(ref reader));
        }
        ledger = new AllocationLedger(State, policy, Partition, role);
    }

    /// <summary>The journal, outcome by outcome.</summary>
    public IEnumerable<string> Bytes() => Journal.Select(o => Convert.ToHexString(BytesOf(o)));

    private AllocationCommand Command(ScriptLine line)
    {
        var body = line.Body(NowMs) ?? throw new FormatException($"'{line}' is no line of a script.");
        return new AllocationCommand
        {
            CommandId = line.CommandId ?? $"c{sent.Count + 1}",
            PoolId = body switch
            {
                AllocationCommandBody.Tick => ReservedKeys.Tick,
                AllocationCommandBody.AuthorityTransfer => ReservedKeys.Authority,
                AllocationCommandBody.ModeSwitch => ReservedKeys.Mode,
                AllocationCommandBody.PolicyActivate => ReservedKeys.Policy,
                _ => line.Pool,
            },
            Actor = line.Actor,
            CorrelationId = "test",
            IssuedAtMs = NowMs,
            Body = body,
        };
    }

    private List<AllocationOutcome> Fold(AllocationCommand command)
    {
        var outcomes = new List<AllocationOutcome>();
        var keyPartition = ReservedKeys.NamesPartition(command.PoolId) ? -1 : Partition;
        ledger.Fold(
            new LedgerRecord(
                "allocation.commands", Partition, offset++, NowMs, command.PoolId, keyPartition, command),
            outcomes);
        Journal.AddRange(outcomes);
        return outcomes;
    }

    private static byte[] BytesOf(AllocationOutcome outcome)
    {
        using var writer = new AvroWriter();
        outcome.Write(writer);
        return writer.WrittenSpan.ToArray();
    }
}
