using Google.Protobuf.Reflection;
using Microsoft.AspNetCore.Http;

namespace OrleansSqlite.Server.Hrana.Protobuf;

/// <summary>
/// Looks a message over before objects are made of it. Parsers of protobuf take a field of another type for an unknown one and leave it out,
/// which would run a step without its condition; and a message of two bytes becomes an object of many.
/// </summary>
internal sealed class WireCheck
{
    /// <summary>How many messages one may hold, values of statements included. JSON has room for half as many values in a body of 16 MiB.</summary>
    public const int MaxMessages = 2_000_000;

    private int messages;

    /// <summary>Checks a message with all that are in it.</summary>
    /// <param name="type">What it should be.</param>
    /// <param name="bytes">The message.</param>
    /// <exception cref="HranaException">It is not of this type, or too much.</exception>
    public static void Check(MessageDescriptor type, ReadOnlySpan<byte> bytes) => new WireCheck().Walk(type, bytes, 1);

    private void Walk(MessageDescriptor type, ReadOnlySpan<byte> bytes, int depth)
    {
        if (depth > IHranaEncoding.MaxDepth)
        {
            throw HranaException.Malformed($"Messages are nested more than {IHranaEncoding.MaxDepth} deep.");
        }

        if (++messages > MaxMessages)
        {
            throw new HranaException("MESSAGE_TOO_LARGE", $"A message has more than {MaxMessages} parts. Split it.", StatusCodes.Status413PayloadTooLarge);
        }

        while (!bytes.IsEmpty)
        {
            ulong tag = Number(ref bytes, type);
            var wire = (Wire)(tag & 7);
            var field = tag >> 3 is > 0 and <= int.MaxValue and var number ? type.FindFieldByNumber((int)number) : null;
            if (field is not null && wire != Of(field))
            {
                throw HranaException.Malformed($"The field {field.Name} of {type.Name} has the wrong wire type, {(int)wire}.");
            }

            switch (wire)
            {
                case Wire.Number:
                    Number(ref bytes, type);
                    break;
                case Wire.EightBytes:
                    Take(ref bytes, 8, type);
                    break;
                case Wire.FourBytes:
                    Take(ref bytes, 4, type);
                    break;
                case Wire.Bytes:
                    var inner = Take(ref bytes, Number(ref bytes, type), type);
                    if (field?.FieldType == FieldType.Message)
                    {
                        Walk(field.MessageType, inner, depth + 1);
                    }

                    break;
                default:
                    throw HranaException.Malformed($"{type.Name} has a field of the wire type {(int)wire}, which Hrana does not use.");
            }
        }
    }

    private static Wire Of(FieldDescriptor field) => field.FieldType switch
    {
        FieldType.Message or FieldType.String or FieldType.Bytes => Wire.Bytes,
        FieldType.Double => Wire.EightBytes,
        _ => Wire.Number,
    };

    private static ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> bytes, ulong count, MessageDescriptor type)
    {
        if (count > (ulong)bytes.Length)
        {
            throw HranaException.Malformed($"{type.Name} is cut off: a field of {count} bytes has {bytes.Length} left.");
        }

        var taken = bytes[..(int)count];
        bytes = bytes[(int)count..];
        return taken;
    }

    private static ulong Number(ref ReadOnlySpan<byte> bytes, MessageDescriptor type)
    {
        ulong number = 0;
        for (int i = 0; i < bytes.Length && i < 10; i++)
        {
            number |= (ulong)(bytes[i] & 0x7F) << (7 * i);
            if (bytes[i] < 0x80)
            {
                bytes = bytes[(i + 1)..];
                return number;
            }
        }

        throw HranaException.Malformed($"{type.Name} has a number that does not end.");
    }

    /// <summary>How the bytes of a field are delimited.</summary>
    private enum Wire
    {
        Number = 0,
        EightBytes = 1,
        Bytes = 2,
        FourBytes = 5,
    }
}
