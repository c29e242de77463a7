using Alloc.Engine.Observability;
using Alloc.Engine.Processing;
using Alloc.Engine.Restore;
using Alloc.Engine.Runtime;
using Alloc.Web.Reads;

namespace Web.Tests;

/// <summary>Ready means deciding: what makes an instance not ready, and what does not.</summary>
public sealed class ReadinessOfTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public static TheoryData<string, string[]> Cases() => new()
    {
        { "idle", [] },
        { "busy and behind", [] },
        { "stands for a moment", [] },
        { "nobody has a partition", [] },
        { "Kafka silent for a moment", [] },
        { "Kafka silent", ["Kafka has not answered for 6 s: Broker transport failure"] },
        { "stands", ["commands-2: nothing has been decided for 7 s, 3 records wait"] },
        {
            "stands by a transaction",
            ["commands-2: nothing has been decided for 7 s, 3 records wait: a transaction stands open at offset 9"]
        },
        { "a task waits", ["record commands-2@9 is stamped 90.0 s ahead of this host's clock"] },
        { "restores", ["Tasks restore their state: 70 records remain."] },
        { "joins", ["It waits for its partitions."] },
        { "recovers", ["It waits for its partitions, after a failure: a commit failed"] },
        { "stopped", ["It stopped: a bug"] },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void What_is_waited_for_is_said(string situation, string[] expected)
    {
        var state = situation switch
        {
            "restores" => StreamsState.Restoring,
            "joins" or "recovers" => StreamsState.Rebalancing,
            "stopped" => StreamsState.Error,
            _ => StreamsState.Running,
        };
        var failure = situation switch { "recovers" => "a commit failed", "stopped" => "a bug", _ => null };
        var silent = situation switch { "Kafka silent" => 6, "Kafka silent for a moment" => 4, _ => 0 };
        string? held = situation switch
        {
            "stands by a transaction" => "a transaction stands open at offset 9",
            "a task waits" => "record commands-2@9 is stamped 90.0 s ahead of this host's clock",
            _ => null,
        };
        var (lag, stalled) = situation switch
        {
            "busy and behind" => (1_000_000, 0.3),
            "stands for a moment" => (3, 4.0),
            "stands" or "stands by a transaction" or "a task waits" or "nobody has a partition" => (3, 7.0),
            "Kafka silent" => (0, 6.0),
            _ => (0, 0.0),
        };

        var waits = Readiness.Of(
            state,
            [new Alloc.Engine.Runtime.TaskStatus(
                new TaskId(0, 2), 0, 0, 0, situation == "a task waits" ? held : null, TimeSpan.Zero, 0, lag,
                TimeSpan.Zero)],
            state == StreamsState.Restoring ? [new RestoreProgress(new TaskId(0, 2), 30, 70)] : [],
            [new InputStatus(
                "commands", 2, situation != "nobody has a partition", 9, 9 + lag, lag, TimeSpan.FromSeconds(stalled),
                TimeSpan.FromSeconds(stalled), held)],
            new BrokerContact(TimeSpan.FromSeconds(silent), silent > 0 ? "Broker transport failure" : null),
            failure, Patience);

        Assert.Equal(expected, waits.Select(w => w.Reason));
    }
}
