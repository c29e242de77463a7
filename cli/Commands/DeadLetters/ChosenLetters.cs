using Alloc.Cli.Replays;

namespace Alloc.Cli.Commands.DeadLetters;

/// <summary>
/// The letters that a selection takes, at most so many of them, and what else the topic tells: how many there are of
/// each kind, and which records of the input are dead themselves.
/// </summary>
internal sealed class ChosenLetters
{
    private readonly PriorityQueue<DeadLetter, (long, int, long)> kept;

    private ChosenLetters(bool isNewest) => kept = new PriorityQueue<DeadLetter, (long, int, long)>(
        Comparer<(long, int, long)>.Create((a, b) => isNewest ? a.CompareTo(b) : b.CompareTo(a)));

    /// <summary>The letters, those of a partition in its order.</summary>
    public IReadOnlyList<DeadLetter> Letters { get; private set; } = [];

    /// <summary>How many the selection takes, beyond the limit too.</summary>
    public int Count { get; private set; }

    /// <summary>Letters of each kind that are not dealt with.</summary>
    public Dictionary<(string? Input, string Kind), int> Kinds { get; } = [];

    /// <summary>Where the dead records stood in their inputs.</summary>
    public HashSet<RecordPosition> Origins { get; } = [];

    /// <summary>What was dealt with, and the selection would have taken.</summary>
    public List<DeadLetter> Done { get; } = [];

    /// <param name="letters">Every letter of a topic.</param>
    /// <param name="selection">Which are meant.</param>
    /// <param name="done">What was dealt with.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="isNewest">Whether the newest are kept where there are more; the oldest otherwise.</param>
    /// <param name="takesDone">Whether those that were dealt with are taken too.</param>
    public static ChosenLetters Of(
        IEnumerable<DeadLetter> letters, LetterSelection selection, DealtWith done, int limit, bool isNewest,
        bool takesDone)
    {
        var chosen = new ChosenLetters(isNewest);
        foreach (var letter in letters)
        {
            chosen.See(letter, selection, done.With(letter.At) is not null, limit, takesDone);
        }
        chosen.Letters = [.. chosen.kept.UnorderedItems.Select(i => i.Element)
            .OrderBy(l => l.At.Partition).ThenBy(l => l.At.Offset)];
        return chosen;
    }

    private void See(DeadLetter letter, LetterSelection selection, bool isDone, int limit, bool takesDone)
    {
        if (letter.Origin is { } origin)
        {
            Origins.Add(origin);
        }
        if (!isDone)
        {
            var kind = (letter.Origin?.Topic, letter.Kind);
            Kinds[kind] = Kinds.GetValueOrDefault(kind) + 1;
        }
        if (!selection.Takes(letter))
        {
            return;
        }
        if (isDone && !takesDone)
        {
            if (Done.Count < limit)
            {
                Done.Add(letter);
            }
            return;
        }
        Count++;
        kept.Enqueue(letter, (letter.TimestampMs, letter.At.Partition, letter.At.Offset));
        if (kept.Count > limit)
        {
            kept.Dequeue();
        }
    }
}
