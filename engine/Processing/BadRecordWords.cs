using System.Diagnostics;

namespace Alloc.Engine.Processing;

/// <summary>What is wrong with a bad record, in the word that metrics and dead letters say it with.</summary>
internal static class BadRecordWords
{
    /// <summary>The word: invalid, unreadable, incomplete, unknown or too-large.</summary>
    public static string Of(BadRecordKind kind) => kind switch
    {
        BadRecordKind.Invalid => "invalid",
        BadRecordKind.Unreadable => "unreadable",
        BadRecordKind.Incomplete => "incomplete",
        BadRecordKind.Unknown => "unknown",
        BadRecordKind.TooLarge => "too-large",
        _ => throw new UnreachableException($"{kind} has no word."),
    };
}
