using System.Globalization;
using FsCheck;

namespace Alloc.Tests.Support;

/// <summary>
/// How properties are tried. A run tries the same histories as the last one did, so that a red test is about what
/// changed; to look for more, <c>ALLOC_PROPERTY_SEED</c> (a number, or <c>random</c>) chooses others and
/// <c>ALLOC_PROPERTY_FACTOR</c> tries so many times as many. A failure prints its seed and its shrunk script; a script
/// that failed once is a test from then on.
/// </summary>
/// <remarks>
/// FsCheck's own attribute for xunit is not used: a property under it is no theory, and most of ours are tried under
/// each of a list of policies; its seed is a constant of the attribute, not a setting of the run.
/// </remarks>
internal static class Properties
{
    private const ulong Seed = 20_261_121;

    // FsCheck's generator wants an odd one.
    private const ulong Gamma = 0x9E37_79B9_7F4A_7C15;

    /// <summary>Tries so many cases.</summary>
    public static Config Of(int count)
    {
        var config = Config.QuickThrowOnFailure.WithMaxTest(checked(count * Factor));
        return Environment.GetEnvironmentVariable("ALLOC_PROPERTY_SEED") switch
        {
            "random" => config,
            { Length: > 0 } seed => config.WithReplay(ulong.Parse(seed, CultureInfo.InvariantCulture), Gamma),
            _ => config.WithReplay(Seed, Gamma),
        };
    }

    private static int Factor => Environment.GetEnvironmentVariable("ALLOC_PROPERTY_FACTOR") is { Length: > 0 } factor
        ? int.Parse(factor, CultureInfo.InvariantCulture)
        : 1;
}
