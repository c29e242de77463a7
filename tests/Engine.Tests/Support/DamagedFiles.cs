namespace Engine.Tests.Support;

/// <summary>Damages files of a database as a bad disk does: bytes are others, sizes and names stay.</summary>
internal static class DamagedFiles
{
    /// <summary>
    /// Flips bytes of the files of a directory that a pattern names, between two parts of their length.
    /// </summary>
    /// <returns>How many files.</returns>
    public static int Flip(string directory, string pattern, double from = 0, double to = 1)
    {
        var files = Directory.GetFiles(directory, pattern);
        foreach (var file in files)
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            var first = (long)(stream.Length * from);
            var bytes = new byte[(long)(stream.Length * to) - first];
            stream.Position = first;
            stream.ReadExactly(bytes);
            for (var index = 0; index < bytes.Length; index += 7)
            {
                bytes[index] ^= 0x5A;
            }
            stream.Position = first;
            stream.Write(bytes);
        }
        return files.Length;
    }
}
