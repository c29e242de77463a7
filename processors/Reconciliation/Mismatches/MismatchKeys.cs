using Alloc.Engine.Processing;
using Alloc.Processors.Keys;
using static Alloc.Processors.Keys.OrderedKeys;

namespace Alloc.Processors.Reconciliation.Mismatches;

/// <summary>A mismatch in a list: what pages comes first, then what is older.</summary>
/// <param name="Facet">What all of the list have in common, see <see cref="MismatchFacets"/>.</param>
/// <param name="SeverityRank">0: page, 1: ticket.</param>
/// <param name="OpenedAtMs">When it was opened, milliseconds since 1970 UTC.</param>
/// <param name="MismatchId">Its id.</param>
public readonly record struct OpenKey(string Facet, int SeverityRank, long OpenedAtMs, string MismatchId);

/// <summary>What is counted.</summary>
/// <param name="What">One of <see cref="MismatchTallies"/>.</param>
/// <param name="First">The first thing that it is counted by; empty where there is none.</param>
/// <param name="Second">The second.</param>
/// <param name="Third">The third.</param>
public readonly record struct TallyKey(string What, string First = "", string Second = "", string Third = "");

/// <summary>What may disagree again and again.</summary>
/// <param name="Class">The class of the mismatch.</param>
/// <param name="ScopeKind">Kind of its scope.</param>
/// <param name="ScopeId">Id of its scope.</param>
public readonly record struct EpisodeKey(string Class, string ScopeKind, string ScopeId);

/// <summary>A run of repairs.</summary>
/// <param name="AskedAtMs">When it was asked for, milliseconds since 1970 UTC.</param>
/// <param name="DecisionId">The decision; empty: the automatic run.</param>
public readonly record struct RunKey(long AskedAtMs, string DecisionId);

/// <summary>Keys of the keeper's stores as bytes that order as the keys do.</summary>
internal static class MismatchKeys
{
    public static ISerde<OpenKey> Open { get; } = new KeySerde<OpenKey>(
        (key, output) =>
        {
            WriteText(key.Facet, output);
            WriteNumber(key.SeverityRank, output);
            WriteNumber(key.OpenedAtMs, output);
            WriteText(key.MismatchId, output);
        },
        (ref reader) => new OpenKey(reader.Text(), checked((int)reader.Number()), reader.Number(), reader.Text()));

    public static ISerde<TallyKey> Tally { get; } = new KeySerde<TallyKey>(
        (key, output) =>
        {
            WriteText(key.What, output);
            WriteText(key.First, output);
            WriteText(key.Second, output);
            WriteText(key.Third, output);
        },
        (ref reader) => new TallyKey(reader.Text(), reader.Text(), reader.Text(), reader.Text()));

    public static ISerde<EpisodeKey> Episode { get; } = new KeySerde<EpisodeKey>(
        (key, output) =>
        {
            WriteText(key.Class, output);
            WriteText(key.ScopeKind, output);
            WriteText(key.ScopeId, output);
        },
        (ref reader) => new EpisodeKey(reader.Text(), reader.Text(), reader.Text()));

    public static ISerde<RunKey> Run { get; } = new KeySerde<RunKey>(
        (key, output) =>
        {
            WriteNumber(key.AskedAtMs, output);
            WriteText(key.DecisionId, output);
        },
        (ref reader) => new RunKey(reader.Number(), reader.Text()));
}
