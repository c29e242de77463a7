using System.CommandLine;
using Alloc.Cli.Output;

namespace Alloc.Cli.CommandLine;

/// <summary>Options that every command takes.</summary>
internal static class GlobalOptions
{
    public static readonly SettingOption<OutputFormat> Output = Choice.Of<SettingOption<OutputFormat>, OutputFormat>(
        new SettingOption<OutputFormat>("--output", "How data is printed", "-o") { Recursive = true },
        OutputFormat.Table);

    public static readonly Option<string?> Config = new("--config")
    {
        Description = "JSON file of settings; ./alloc.json is read when it exists [env: ALLOC_CONFIG]",
        Recursive = true,
        HelpName = "file",
    };

    public static readonly Option<bool> Debug = new("--debug")
    {
        Description = "Show where an error came from",
        Recursive = true,
    };

    public static void AddTo(RootCommand root)
    {
        root.Options.Add(Output);
        root.Options.Add(Config);
        root.Options.Add(Debug);
    }
}
