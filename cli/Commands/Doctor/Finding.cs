using System.Text.Json.Nodes;

namespace Alloc.Cli.Commands.Doctor;

internal enum Verdict
{
    Ok,
    Warn,
    Fail,
}

/// <summary>One line of the examination: what was looked at, what was seen, and what helps.</summary>
internal sealed record Finding(Verdict Verdict, string Subject, string Seen, string? Remedy = null)
{
    public static Finding Ok(string subject, string seen) => new(Verdict.Ok, subject, seen);

    public static Finding Warn(string subject, string seen, string remedy) => new(Verdict.Warn, subject, seen, remedy);

    public static Finding Fail(string subject, string seen, string remedy) => new(Verdict.Fail, subject, seen, remedy);

    public JsonObject ToJson() => new()
    {
        ["verdict"] = Verdict.ToString().ToLowerInvariant(),
        ["check"] = Subject,
        ["seen"] = Seen,
        ["remedy"] = Remedy,
    };
}
