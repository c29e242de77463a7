using System.Collections.Concurrent;
using Alloc.Engine.Processing;
using Alloc.Schemas.Projection;

namespace Alloc.Host.Projection.Scanning;

/// <summary>Asks the ledger and gathers the pieces of its answer.</summary>
internal sealed class ScanAnswers : IDisposable
{
    /// <summary>How long nothing may come.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly ConcurrentDictionary<string, BlockingCollection<ScanMessage>> awaited = new(
        StringComparer.Ordinal);

    private readonly ScanTraffic traffic;

    public ScanAnswers(ScanTraffic traffic)
    {
        this.traffic = traffic;
        traffic.Received += Take;
    }

    /// <summary>The pieces of the answer, in order; or one that refuses.</summary>
    /// <exception cref="StreamsException">Nobody answers.</exception>
    public IReadOnlyList<ScanMessage> Ask(ScanMessage question, CancellationToken cancellation)
    {
        using var box = new BlockingCollection<ScanMessage>();
        awaited[question.ScanId] = box;
        try
        {
            traffic.Send(question);
            // While a partition moves two instances may answer: their pieces are told apart by where they are.
            var answers = new Dictionary<long, List<ScanMessage>>();
            while (box.TryTake(out var piece, (int)Patience.TotalMilliseconds, cancellation))
            {
                if (piece.Kind == ScanMessageKind.Refused)
                {
                    return [piece];
                }
                if (!answers.TryGetValue(piece.Offset, out var pieces))
                {
                    answers[piece.Offset] = pieces = [];
                }
                if (pieces.Count == piece.Piece)
                {
                    pieces.Add(piece);
                }
                if (piece.IsLast && pieces.Count == piece.Piece + 1)
                {
                    return pieces;
                }
            }
            throw new StreamsException(
                $"Nobody answered for the ledger of partition {question.Partition} in {Patience.TotalSeconds:0} s: no "
                + "instance has it ready, or each was started with another version.");
        }
        finally
        {
            awaited.TryRemove(question.ScanId, out _);
        }
    }

    public void Dispose() => traffic.Received -= Take;

    private void Take(ScanMessage message, long atMs)
    {
        if (message.Kind is ScanMessageKind.Digests or ScanMessageKind.Entries or ScanMessageKind.Refused
            && awaited.TryGetValue(message.ScanId, out var box))
        {
            try
            {
                box.Add(message);
            }
            catch (ObjectDisposedException)
            {
                // It has all that it needs.
            }
        }
    }
}
