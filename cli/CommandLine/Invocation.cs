using Alloc.Processors.Notation;

namespace Alloc.Cli.CommandLine;

/// <summary>
/// How this program is called from the folder that the user stands in, so that printed commands work when pasted.
/// </summary>
internal static class Invocation
{
    public static string Name(Func<string, string?> environment)
    {
        var self = Environment.ProcessPath;
        if (self is null)
        {
            return "alloc";
        }
        foreach (var folder in (environment("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries))
        {
            if (IsSelf(Path.Combine(folder, "alloc"), self))
            {
                return "alloc";
            }
        }
        return IsSelf(Path.Combine("out", "alloc"), self) ? "out/alloc" : ShellLine.Quote(self);
    }

    private static bool IsSelf(string candidate, string self) =>
        File.Exists(candidate) &&
        Path.GetFullPath(File.ResolveLinkTarget(candidate, returnFinalTarget: true)?.FullName
            ?? candidate) == Path.GetFullPath(self);
}
