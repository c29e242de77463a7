using System.Security.Cryptography;

namespace Alloc.Client;

/// <summary>
/// Ids of commands: 26 characters that sort by time (a ULID in small letters), easy to copy into a retry.
/// </summary>
public static class CommandId
{
    private const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
    private const int TimeCharacters = 10;
    private const int RandomCharacters = 16;

    /// <summary>A new one, which no other is like.</summary>
    /// <param name="time">The clock that it sorts by, to the millisecond.</param>
    public static string Next(TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        Span<char> text = stackalloc char[TimeCharacters + RandomCharacters];
        var ms = time.GetUtcNow().ToUnixTimeMilliseconds();
        for (var i = TimeCharacters - 1; i >= 0; i--, ms >>= 5)
        {
            text[i] = Alphabet[(int)(ms & 31)];
        }
        Span<byte> random = stackalloc byte[RandomCharacters];
        RandomNumberGenerator.Fill(random);
        for (var i = 0; i < RandomCharacters; i++)
        {
            text[TimeCharacters + i] = Alphabet[random[i] & 31];
        }
        return new string(text);
    }
}
