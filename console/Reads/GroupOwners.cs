using System.Globalization;
using Alloc.Engine.Runtime;

namespace Alloc.Web.Reads;

/// <summary>
/// Who has which partition, by the group's account at the broker. One question answers for all partitions and is kept
/// for a moment; while Kafka does not answer, what was known last is used, and said to be old. Thread-safe.
/// </summary>
/// <param name="ask">Asks the broker; blocks, and throws where it does not answer.</param>
/// <param name="time">What tells the time.</param>
public sealed class GroupOwners(Func<GroupAccount> ask, TimeProvider time) : IPartitionOwners
{
    /// <summary>How long an account is used without asking again.</summary>
    private static readonly TimeSpan Reuse = TimeSpan.FromSeconds(1);

    /// <summary>The same where it turned out to be wrong, or names nobody: a storm of reads asks once.</summary>
    private static readonly TimeSpan LeastReuse = TimeSpan.FromMilliseconds(100);

    /// <summary>How long a reader waits for the broker before it goes by what was known last.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly Lock gate = new();
    private Known? known;
    private Failed? failed;
    private Asking? asking;

    /// <inheritdoc/>
    public async Task<PartitionPlace> FindAsync(int partition, bool isFresh, CancellationToken cancellation)
    {
        var (account, problem) = await AccountAsync(
            a => !isFresh && a.Owners.ContainsKey(partition), cancellation).ConfigureAwait(false);
        if (account is null)
        {
            return new PartitionPlace(null, $"Who owns partition {partition} is not known: {problem}", false);
        }
        var place = Place(partition, account.Account);
        return problem is null ? place : place with { Detail = Old(place.Detail, account, problem), IsCurrent = false };
    }

    /// <inheritdoc/>
    public async Task<(IReadOnlyList<Uri> Others, string? Problem)> OthersAsync(CancellationToken cancellation)
    {
        var (account, problem) = await AccountAsync(_ => true, cancellation).ConfigureAwait(false);
        var others = (account?.Account.Members ?? []).Where(m => !m.IsThisInstance && m.Endpoint is not null)
            .Select(m => m.Endpoint!).Distinct().Select(e => new Uri(e)).ToList();
        return (others, problem is null ? null : $"Kafka does not say which instances there are: {problem}");
    }

    private static PartitionPlace Place(int partition, GroupAccount account) =>
        account.Owners.GetValueOrDefault(partition) switch
        {
            null => new(null, $"Nobody owns partition {partition} just now; partitions are moving.", true),
            { IsThisInstance: true } => new(null, $"Partition {partition} is being restored here.", true),
            { Endpoint: { } endpoint } when Uri.TryCreate(endpoint, UriKind.Absolute, out var url) =>
                new(url, $"Partition {partition} is at {endpoint}.", true),
            { } owner => new(
                null,
                $"Partition {partition} is at {owner.ClientId}, which has no HTTP address (--console-url).", true),
        };

    private string Old(string detail, Known account, string problem) => string.Create(
        CultureInfo.InvariantCulture,
        $"{detail} That was so {time.GetElapsedTime(account.At).TotalSeconds:0} s ago; Kafka does not say who owns it "
        + $"now: {problem}");

    /// <summary>The account, and why it is not a new one; null for one that may be gone by.</summary>
    private async Task<(Known? Account, string? Problem)> AccountAsync(
        Func<GroupAccount, bool> isEnough, CancellationToken cancellation)
    {
        Asking question;
        lock (gate)
        {
            if (known is { } current
                && time.GetElapsedTime(current.At) < (isEnough(current.Account) ? Reuse : LeastReuse))
            {
                return (current, null);
            }
            if (failed is { } recent && time.GetElapsedTime(recent.At) < Reuse)
            {
                return (known, recent.Why);
            }
            question = asking ??= new Asking(Task.Run(Ask, CancellationToken.None), time.GetTimestamp());
        }
        var left = Patience - time.GetElapsedTime(question.At);
        if (left > TimeSpan.Zero && !question.Task.IsCompleted)
        {
            using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            await Task.WhenAny(question.Task, Task.Delay(left, time, enough.Token)).ConfigureAwait(false);
            await enough.CancelAsync().ConfigureAwait(false);
            cancellation.ThrowIfCancellationRequested();
        }
        lock (gate)
        {
            return question.Task.IsCompleted
                ? (known, failed?.Why)
                : (known, failed?.Why ?? "it has not answered yet.");
        }
    }

    private void Ask()
    {
        try
        {
            var account = ask();
            lock (gate)
            {
                known = new Known(account, time.GetTimestamp());
                failed = null;
            }
        }
        catch (Exception error)
        {
            lock (gate)
            {
                failed = new Failed(error.Message, time.GetTimestamp());
            }
        }
        finally
        {
            lock (gate)
            {
                asking = null;
            }
        }
    }

    private sealed record Known(GroupAccount Account, long At);

    private sealed record Failed(string Why, long At);

    private sealed record Asking(Task Task, long At);
}
