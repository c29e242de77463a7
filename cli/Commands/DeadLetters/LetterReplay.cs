using System.Collections.Concurrent;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Output;
using Alloc.Cli.Replays;
using Alloc.Client;
using Alloc.Schemas.Operations;
using Confluent.Kafka;

namespace Alloc.Cli.Commands.DeadLetters;

/// <summary>
/// Sends letters back. Each transaction has some of them together with the record of the audit that says so: a letter
/// is replayed if, and only if, the audit says it was, whenever the process ends.
/// </summary>
internal sealed class LetterReplay(LetterWork work, LetterTopic topic, ReplayRate rate, string words)
{
    /// <summary>An audit record names at most a thousand places.</summary>
    private const int MostInOne = 1_000;

    private static readonly TimeSpan ShortWait = TimeSpan.FromMilliseconds(200);
    private readonly List<RecordPosition> open = [];
    private readonly ConcurrentDictionary<RecordPosition, RecordPosition> written = [];

    /// <summary>Letters that were replayed.</summary>
    public int Sent { get; private set; }

    /// <summary>Sends those that are to be replayed, and says what became of each.</summary>
    public async Task<List<PlannedLetter>> SendAsync(
        CommandContext context, List<PlannedLetter> planned, CancellationToken cancellation)
    {
        var actionId = CommandId.Next(context.Time);
        var fates = planned.ToDictionary(p => p.Letter.At);
        var total = planned.Count(p => p.Fate == LetterFate.Replay);
        var progress = new ProgressLine(context.Host, "letters");
        var pacer = new Pacer(rate, context.Time);
        using var transactions = work.Transactions(topic);
        await work.Audit.PrepareAsync(cancellation).ConfigureAwait(false);
        await transactions.BeginAsync(cancellation).ConfigureAwait(false);
        // Whoever was at it before is shut out by now: what the audit says is the last word.
        var done = new DealtWith(work.Audit.Read(cancellation));
        try
        {
            foreach (var record in work.Reader.Records(topic, cancellation))
            {
                var at = new RecordPosition(record.Topic, record.Partition.Value, record.Offset.Value);
                if (!fates.TryGetValue(at, out var letter) || letter.Fate != LetterFate.Replay)
                {
                    continue;
                }
                if (done.With(at) is { } other)
                {
                    fates[at] = letter with { Fate = LetterFate.Skipped, Detail = $"{other.Actor} was quicker" };
                    continue;
                }
                if (Content(record, letter.Letter, cancellation) is not { } content)
                {
                    fates[at] = letter with { Fate = LetterFate.Refused, Detail = "its bytes are gone from its input" };
                    continue;
                }
                await WaitAsync(pacer, transactions, actionId, context.Time, cancellation).ConfigureAwait(false);
                Write(transactions, letter, content, actionId);
                pacer.Went();
                open.Add(at);
                fates[at] = letter with { Fate = LetterFate.Replayed };
                progress.Show("replaying", Sent + open.Count, total);
                if (transactions.IsDue || open.Count >= MostInOne)
                {
                    await CommitAsync(transactions, actionId).ConfigureAwait(false);
                }
            }
            await CommitAsync(transactions, actionId).ConfigureAwait(false);
        }
        finally
        {
            progress.Clear();
        }
        return planned.ConvertAll(p => fates[p.Letter.At] is { Fate: LetterFate.Replay } gone
            ? gone with { Fate = LetterFate.Refused, Detail = "the letter is gone: retention took it" }
            : fates[p.Letter.At]);
    }

    private void Write(
        ActionTransactions transactions, PlannedLetter letter, ConsumeResult<byte[]?, byte[]?> content, string actionId)
    {
        var (at, origin) = (letter.Letter.At, letter.Letter.Origin!.Value);
        transactions.Add(
            new TopicPartition(origin.Topic, origin.Partition),
            new Message<byte[]?, byte[]?>
            {
                Key = content.Message.Key,
                Value = content.Message.Value,
                Headers = ReplayHeaders.Of(
                    letter.Later.Own ?? content.Message.Headers, at, actionId, LetterHeaders.IsOfLetter),
            },
            at.ToString(),
            offset => written[at] = origin with { Offset = offset });
    }

    /// <summary>The record as it was received: the letter's own; its origin's where the letter had no room.</summary>
    private ConsumeResult<byte[]?, byte[]?>? Content(
        ConsumeResult<byte[]?, byte[]?> record, DeadLetter letter, CancellationToken cancellation) =>
        letter.OmittedBytes == 0 ? record : work.Reader.Record(letter.Origin!.Value, cancellation);

    /// <summary>Readers do not wait for the rate: what is open is committed before a longer wait.</summary>
    private async Task WaitAsync(
        Pacer pacer, ActionTransactions transactions, string actionId, TimeProvider time,
        CancellationToken cancellation)
    {
        if (pacer.Wait > ShortWait)
        {
            await CommitAsync(transactions, actionId).ConfigureAwait(false);
        }
        cancellation.ThrowIfCancellationRequested();
        if (pacer.Wait is var wait && wait > TimeSpan.Zero)
        {
            await Task.Delay(wait, time, cancellation).ConfigureAwait(false);
        }
    }

    private async Task CommitAsync(ActionTransactions transactions, string actionId)
    {
        if (open.Count == 0)
        {
            return;
        }
        await transactions.FlushAsync().ConfigureAwait(false);
        var (to, record) = work.Audit.Write(work.Action(
            actionId, OperatorActionKind.DeadLettersReplayed, topic, open, DealtWith.Detail(words, open, written)));
        transactions.Add(to, record, "the record of the action");
        await transactions.CommitAsync().ConfigureAwait(false);
        Sent += open.Count;
        open.Clear();
        written.Clear();
    }
}
