using System.Globalization;

namespace Alloc.Web;

/// <summary>How much room is left in the directories that an instance writes to.</summary>
/// <param name="directories">The directories; those that are not there yet are not looked at.</param>
public sealed class DiskSpace(params IReadOnlyList<string> directories)
{
    /// <summary>A disk with fewer bytes left is full: the next write may be refused.</summary>
    public const long LeastBytes = 1 << 20;

    /// <summary>A sentence for each directory whose disk is full: which, how much is left, what to do.</summary>
    public IReadOnlyList<string> Full()
    {
        var full = new List<string>();
        foreach (var directory in directories)
        {
            if (BytesLeft(directory) is { } left && left < LeastBytes)
            {
                full.Add(string.Create(
                    CultureInfo.InvariantCulture,
                    $"The disk of {Path.GetFullPath(directory)} is full: {left:N0} bytes are left. Free some space; it "
                    + $"goes on by itself, or after a restart where it has stopped."));
            }
        }
        return full;
    }

    private static long? BytesLeft(string directory)
    {
        try
        {
            return Directory.Exists(directory) ? new DriveInfo(directory).AvailableFreeSpace : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }
}
