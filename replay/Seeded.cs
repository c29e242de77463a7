namespace Alloc.Replay;

/// <summary>
/// Numbers that depend only on a seed and a name, so that what is invented for one line does not change with the
/// number of lines replayed before it.
/// </summary>
/// <param name="seed">The seed of the run.</param>
internal sealed class Seeded(long seed)
{
    /// <summary>A number from 0 (inclusive) to <paramref name="bound"/> (exclusive).</summary>
    public int Next(string name, int bound) => (int)(Hash(name) % (ulong)bound);

    /// <summary>A share from <paramref name="low"/> to <paramref name="high"/>.</summary>
    public double Between(string name, double low, double high) =>
        low + ((high - low) * ((Hash(name) >> 11) / (double)(1L << 53)));

    private ulong Hash(string name)
    {
        // FNV-1a over the characters, finished with SplitMix64 so that the low bits are good too.
        var hash = 14695981039346656037UL ^ (ulong)seed;
        foreach (var c in name)
        {
            hash = (hash ^ c) * 1099511628211UL;
        }
        hash += 0x9E3779B97F4A7C15UL;
        hash = (hash ^ (hash >> 30)) * 0xBF58476D1CE4E5B9UL;
        hash = (hash ^ (hash >> 27)) * 0x94D049BB133111EBUL;
        return hash ^ (hash >> 31);
    }
}
