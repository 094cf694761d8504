using System.Text;

namespace Menuet.Cli.Commands;

/// <summary>Writes result files whole or not at all.</summary>
internal static class OutputFile
{
    internal static void Write(string path, string content) =>
        Write(path, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false).GetBytes(content));

    internal static void Write(string path, byte[] content)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        Directory.CreateDirectory(folder);
        var temporary = Path.Combine(folder, $".{Path.GetFileName(path)}.{Environment.ProcessId}.tmp");
        try
        {
            File.WriteAllBytes(temporary, content);
            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    /// <summary>Adds lines to the end of a file; a line there that was cut short stays a line of its own.</summary>
    internal static void Append(string path, string lines)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        using var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite);
        if (file.Length > 0)
        {
            file.Seek(-1, SeekOrigin.End);
            lines = file.ReadByte() == '\n' ? lines : "\n" + lines;
        }

        file.Write(new UTF8Encoding(encoderShouldEmitUTF8Identifier: false).GetBytes(lines));
    }
}
