using Alloc.Cli.CommandLine;

namespace EndToEnd.Tests.CommandLine;

/// <summary>One run of the command line inside the test's process.</summary>
internal sealed record CommandLineRun(int ExitCode, string Out, string Error)
{
    public static Task<CommandLineRun> OfAsync(string[] args, params (string Name, string Value)[] environment) =>
        OfAsync(args, "", environment);

    /// <summary>The same with something on standard input, which is no terminal.</summary>
    public static async Task<CommandLineRun> OfAsync(
        string[] args, string input, params (string Name, string Value)[] environment)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var variables = environment.ToDictionary(e => e.Name, e => e.Value);
        var host = new CliHost
        {
            Out = output,
            Error = error,
            In = new StringReader(input),
            Environment = name => variables.GetValueOrDefault(name),
        };
        var code = await AllocCli.RunAsync(args, host);
        return new CommandLineRun(code, output.ToString(), error.ToString());
    }
}
