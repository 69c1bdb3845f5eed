using System.Text;

namespace OrleansSqlite.Cli;

/// <summary>Reads comma-separated values, RFC 4180: quotes may hold commas, quotes (doubled) and line ends.</summary>
internal sealed class CsvReader(TextReader reader)
{
    private readonly StringBuilder field = new();

    /// <summary>The line in which the last record began.</summary>
    public long Line { get; private set; }

    private long lines = 1;

    /// <summary>The next record, or null at the end.</summary>
    /// <exception cref="UsageException">A quote is never closed.</exception>
    public List<string>? Read()
    {
        if (reader.Peek() < 0)
        {
            return null;
        }

        Line = lines;
        List<string> record = [];
        while (true)
        {
            var end = ReadField();
            record.Add(field.ToString());
            field.Clear();
            if (end != ',')
            {
                return record;
            }
        }
    }

    /// <summary>Reads a field and gives what ended it: a comma, a line feed, or -1.</summary>
    private int ReadField()
    {
        if (reader.Peek() == '"')
        {
            reader.Read();
            ReadQuoted();
        }

        while (true)
        {
            var c = reader.Read();
            switch (c)
            {
                case '\r' when reader.Peek() == '\n':
                    continue;
                case '\n':
                    lines++;
                    return c;
                case ',' or -1:
                    return c;
                default:
                    field.Append((char)c);
                    break;
            }
        }
    }

    private void ReadQuoted()
    {
        while (true)
        {
            var c = reader.Read();
            switch (c)
            {
                case -1:
                    throw new UsageException($"A quote in the record that begins in line {Line} is never closed.", "Close the quote; inside of one, write \" as \"\".");
                case '"' when reader.Peek() == '"':
                    reader.Read();
                    field.Append('"');
                    break;
                case '"':
                    return;
                default:
                    lines += c == '\n' ? 1 : 0;
                    field.Append((char)c);
                    break;
            }
        }
    }
}
