using System.CommandLine;

namespace Alloc.Cli.CommandLine;

/// <summary>An option that may also come from the environment or the configuration file.</summary>
internal interface ISetting
{
    /// <summary>The key in the configuration file: the option's name without its dashes.</summary>
    string Key { get; }

    /// <summary>The environment variable: ALLOC_ and the key in capitals.</summary>
    string Variable { get; }

    /// <summary>True where an empty value means something, and is no forgotten one.</summary>
    bool MayBeEmpty { get; }
}

/// <inheritdoc cref="ISetting"/>
internal sealed class SettingOption<T> : Option<T>, ISetting
{
    public SettingOption(string name, string description, params string[] aliases)
        : base(name, aliases)
    {
        Key = name.TrimStart('-');
        Variable = "ALLOC_" + Key.Replace('-', '_').ToUpperInvariant();
        Description = $"{description} [env: {Variable}]";
    }

    public string Key { get; }

    public string Variable { get; }

    public bool MayBeEmpty { get; init; }
}
