using System.Runtime.InteropServices;
using Alloc.Engine.Processing;

namespace Alloc.Engine.State.RocksDb;

/// <summary>The one place where an error of the native library becomes an exception.</summary>
internal static class RocksDbError
{
    /// <summary>Does nothing for a null error; else frees it and throws what it means.</summary>
    /// <param name="error">The text that RocksDB allocated, or null.</param>
    /// <param name="operation">What was tried, as the beginning of a sentence: <c>Writing</c>.</param>
    /// <param name="path">The database's directory.</param>
    /// <exception cref="TaskCorruptedException">What is on disk is damaged.</exception>
    /// <exception cref="StateDiskFullException">No space is left.</exception>
    /// <exception cref="StateStoreException">Any other failure.</exception>
    public static void Check(nint error, string operation, string path)
    {
        if (error != 0)
        {
            throw Take(error, operation, path);
        }
    }

    internal static Exception Classify(string text, string operation, string path)
    {
        if (Has(text, "No space left on device") || Has(text, "NoSpace") || Has(text, "Disk quota exceeded"))
        {
            return new StateDiskFullException(
                $"{operation} the state in {path} failed: no space is left on its disk. Nothing is lost: what is "
                + $"missing there is in the log. Free some space and start again. ({text})");
        }
        if (text.StartsWith("Corruption", StringComparison.Ordinal) || Has(text, "does not exist (create_if_missing"))
        {
            return new TaskCorruptedException(
                $"{operation} the state in {path} failed: it is damaged and has to be restored from the log. ({text})");
        }
        if (Has(text, "lock ") && Has(text, "LOCK"))
        {
            return new StateStoreException($"{operation} the state in {path} failed: it is open already. ({text})");
        }
        return new StateStoreException($"{operation} the state in {path} failed. ({text})");
    }

    private static Exception Take(nint error, string operation, string path)
    {
        var text = Marshal.PtrToStringUTF8(error) ?? "unknown error";
        RocksDbNative.rocksdb_free(error);
        return Classify(text, operation, path);
    }

    private static bool Has(string text, string part) => text.Contains(part, StringComparison.Ordinal);
}
