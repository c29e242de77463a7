using System.Runtime.CompilerServices;
using Alloc.Client;
using Alloc.Schemas.Allocation;

namespace Alloc.Samples.Client;

/// <summary>Sells the seats of one evening. Who may have one is decided by Alloc; this asks and abides by it.</summary>
internal sealed class BoxOffice(AllocClient client, string pool)
{
    private const int Attempts = 3;
    private static readonly Actor Self = new() { Type = ActorType.Service, Id = "box-office", Channel = "web" };

    /// <summary>Says what there is to sell; said again it changes nothing.</summary>
    public async Task OpenAsync(long seats, CancellationToken cancellation)
    {
        await AskAsync(
            $"{pool}/configure", new AllocationCommandBody.PoolConfigure
            {
                Settings = new PoolSettings
                {
                    Unit = "seat",
                    Kind = PoolKind.Capacity,
                    SnapshotSource = Self.Id,
                },
            },
            cancellation);
        await AskAsync(
            $"{pool}/seats/{seats}",
            new AllocationCommandBody.SupplySnapshot { Source = Self.Id, Quantity = seats, Through = null },
            cancellation);
    }

    /// <summary>Promises seats while the customer pays.</summary>
    public async Task<string> HoldAsync(string order, long seats, CancellationToken cancellation)
    {
        var outcome = await AskAsync(
            $"{order}/hold", new AllocationCommandBody.Hold { ReservationId = order, Quantity = seats }, cancellation);
        return outcome?.Event switch
        {
            AllocationOutcomeEvent.Held => $"{order}: {seats} seats are held",
            AllocationOutcomeEvent.Rejected no => $"{order}: no, {no.Reasons[0].Code}",
            null => $"{order}: not known yet, asked again later",
            var other => $"{order}: {other.GetType().Name}",
        };
    }

    /// <summary>Makes the promise a commitment.</summary>
    public async Task<string> PayAsync(string order, CancellationToken cancellation)
    {
        var outcome = await AskAsync(
            $"{order}/confirm", new AllocationCommandBody.Confirm { ReservationId = order }, cancellation);
        return outcome?.Event is AllocationOutcomeEvent.Confirmed ? $"{order}: sold" : $"{order}: not sold";
    }

    /// <summary>What was decided about an order, from the journal that everybody can read.</summary>
    public async IAsyncEnumerable<string> HistoryAsync(
        string order, [EnumeratorCancellation] CancellationToken cancellation)
    {
        // A service that keeps something of its own writes positions and sequences with it, and goes on from there.
        await foreach (var next in client.FollowAsync(new FollowOptions { StopsAtEnd = true }, cancellation))
        {
            if (next.Sequence.Kind == SequenceKind.Gap)
            {
                throw new InvalidOperationException(
                    $"{next.Outcome.PoolId}#{next.Sequence.Expected} is missing: what was made of it is wrong.");
            }
            if (next.Sequence.Kind != SequenceKind.Repeat
                && next.Outcome.After.Any(r => r.ReservationId == order))
            {
                yield return $"{next.Outcome.PoolId}#{next.Outcome.Sequence} {next.Outcome.Event.GetType().Name}";
            }
        }
    }

    /// <summary>
    /// Asks until an answer is seen. Silence does not say that it failed: the same id gets the same answer, however
    /// often it is asked, and nothing is done twice.
    /// </summary>
    private async Task<AllocationOutcome?> AskAsync(
        string commandId, AllocationCommandBody body, CancellationToken cancellation)
    {
        var command = client.NewCommand(pool, body, Self, commandId);
        for (var attempt = 1; attempt <= Attempts; attempt++)
        {
            switch (await client.SendAsync(command, cancellation))
            {
                case CommandAnswer.Decided decided:
                    return decided.Outcome;
                case CommandAnswer.NotSeen unseen:
                    await Console.Error.WriteLineAsync($"{unseen.CommandId}: no answer in {unseen.Waited}, once more");
                    break;
            }
        }
        return null;
    }
}
