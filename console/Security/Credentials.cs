using System.Security.Cryptography;
using System.Text;

namespace Alloc.Web.Security;

/// <summary>
/// Who may use the API: a file with one <c>role name sha256-of-token</c> a line. Tokens are long and random, so a plain
/// digest is enough; the file holds nothing that opens a door.
/// </summary>
public sealed class Credentials
{
    private const int DigestSize = 32;
    private readonly List<(Role Role, string Name, byte[] Digest)> entries;

    private Credentials(List<(Role, string, byte[])> entries) => this.entries = entries;

    /// <summary>Reads the file.</summary>
    /// <exception cref="ConsoleStartException">The file is missing, empty or malformed; the text names the
    /// line.</exception>
    public static Credentials Load(string path)
    {
        if (!File.Exists(path))
        {
            throw new ConsoleStartException(
                $"The credentials file {path} does not exist.", "See docs/operations.md, \"Security\".");
        }
        var entries = new List<(Role, string, byte[])>();
        var number = 0;
        foreach (var line in File.ReadLines(path).Select(l => l.Trim()))
        {
            number++;
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }
            var parts = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (parts.Length != 3 || !Enum.TryParse<Role>(parts[0], ignoreCase: true, out var role)
                || role == Role.None ||
                !TryDigest(parts[2], out var digest))
            {
                throw new ConsoleStartException(
                    $"{path}:{number} is not 'role name sha256-of-token'.",
                    "Roles are viewer, operator and admin; printf %s \"$TOKEN\" | sha256sum prints the digest.");
            }
            entries.Add((role, parts[1], digest));
        }
        return entries.Count > 0
            ? new Credentials(entries)
            : throw new ConsoleStartException($"{path} lets nobody in.", "Add a line: role name sha256-of-token.");
    }

    /// <summary>
    /// The role and name of a token's owner; <see cref="Role.None"/> for an unknown one. Takes the same time for both.
    /// </summary>
    public (Role Role, string Name) Identify(string token)
    {
        Span<byte> digest = stackalloc byte[DigestSize];
        SHA256.HashData(Encoding.UTF8.GetBytes(token), digest);
        var found = (Role.None, "");
        foreach (var entry in entries)
        {
            if (CryptographicOperations.FixedTimeEquals(entry.Digest, digest))
            {
                found = (entry.Role, entry.Name);
            }
        }
        return found;
    }

    private static bool TryDigest(string hex, out byte[] digest)
    {
        digest = [];
        if (hex.Length != 2 * DigestSize || !hex.All(char.IsAsciiHexDigit))
        {
            return false;
        }
        digest = Convert.FromHexString(hex);
        return true;
    }
}
