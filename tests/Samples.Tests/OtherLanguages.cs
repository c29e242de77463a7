using Alloc.Tests.Support;
using EndToEnd.Tests.Processes;

namespace Samples.Tests;

/// <summary>Samples in Python and JavaScript, where what they need is installed.</summary>
internal static class OtherLanguages
{
    private const string Python = "/usr/bin/python3";
    private const string Environment = "/usr/bin/env";

    public static async Task SkipUnlessPythonHasAsync(params string[] modules)
    {
        Assert.SkipUnless(File.Exists(Python), $"{Python} is not installed");
        foreach (var module in modules)
        {
            await using var probe = AllocProcess.StartWith(Python, ["-c", $"import {module}"]);
            Assert.SkipUnless(
                (await probe.WaitForExitAsync(SampleProgram.Deadline)).ExitCode == 0,
                $"Python has no module {module}: make deps");
        }
    }

    public static void SkipUnlessNodeHas(params string[] packages)
    {
        Assert.SkipUnless(
            (System.Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
                .Any(p => File.Exists(Path.Combine(p, "node"))),
            "node is not installed");
        foreach (var package in packages)
        {
            Assert.SkipUnless(
                Installed.HasNodeModule(package), $"{package} is not in {Installed.NodeModules}: make deps");
        }
    }

    // -B: no compiled files beside the sources.
    public static AllocProcess StartPython(string script, params string[] arguments) => AllocProcess.StartWith(
        Python, ["-B", Path.Combine(SampleProgram.Folder, "python", script), .. arguments]);

    public static AllocProcess StartNode(string script, params string[] arguments) => AllocProcess.StartWith(
        Environment,
        [
            $"NODE_PATH={Installed.NodeModules}", "node", Path.Combine(SampleProgram.Folder, "javascript", script),
            .. arguments,
        ]);
}
