using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Runner.EmbeddedCluster.Admission.Schemas;

/// <summary>
/// Reads objects in the API server's binary form, which <c>kubectl create</c> and other typed clients send: four magic bytes, then an envelope with kind, version and the object as a
/// protocol buffer. Only reading: answers are JSON, which every client takes.
/// </summary>
internal static class ProtobufReader
{
    private const int Varint = 0;
    private const int Fixed64 = 1;
    private const int Bytes = 2;
    private const int Fixed32 = 5;

    private static ReadOnlySpan<byte> Magic => "k8s\0"u8;

    /// <summary>The object as JSON, with <c>kind</c> and <c>apiVersion</c> of the envelope.</summary>
    /// <exception cref="FormatException">The bytes are no such object, or of a kind whose fields are not known.</exception>
    public static JsonObject Read(ReadOnlySpan<byte> body)
    {
        if (!body.StartsWith(Magic))
        {
            throw new FormatException("the bytes do not begin with the magic number of Kubernetes' binary form");
        }

        var (apiVersion, kind, raw) = Envelope(body[Magic.Length..]);
        var slash = apiVersion.LastIndexOf('/');
        var type = kind == "DeleteOptions"
            ? TypeCatalog.Get("meta.DeleteOptions")
            : TypeCatalog.Find(slash < 0 ? "" : apiVersion[..slash], apiVersion[(slash + 1)..], kind);
        var json = Message(type ?? throw new FormatException($"the fields of {apiVersion} {kind} are not known in binary form"), raw, []);
        json["kind"] = kind;
        json["apiVersion"] = apiVersion;
        return json;
    }

    private static (string ApiVersion, string Kind, byte[] Raw) Envelope(ReadOnlySpan<byte> bytes)
    {
        var (apiVersion, kind, raw) = ("", "", Array.Empty<byte>());
        while (Next(ref bytes, out var number, out _, out var content))
        {
            switch (number)
            {
                case 1:
                    var meta = content;
                    while (Next(ref meta, out var field, out _, out var text))
                    {
                        (apiVersion, kind) = field == 1 ? (Encoding.UTF8.GetString(text), kind) : (apiVersion, Encoding.UTF8.GetString(text));
                    }

                    break;
                case 2:
                    raw = content.ToArray();
                    break;
            }
        }

        return (apiVersion, kind, raw);
    }

    /// <param name="within">Numbers of the embedded messages the bytes lie in.</param>
    private static JsonObject Message(TypeSchema type, ReadOnlySpan<byte> bytes, ReadOnlySpan<int> within)
    {
        var json = new JsonObject();
        while (Next(ref bytes, out var number, out var scalar, out var content))
        {
            int[] path = [.. within, number];
            if (type.Fields.FirstOrDefault(f => f.Numbers.SequenceEqual(path)) is { } field)
            {
                Add(json, field, scalar, content);
            }
            else if (type.Fields.Any(f => f.Numbers.Count > path.Length && f.Numbers.Take(path.Length).SequenceEqual(path)))
            {
                foreach (var (name, value) in Message(type, content, path))
                {
                    json[name] = value?.DeepClone();
                }
            }
        }

        return json;
    }

    private static void Add(JsonObject json, FieldSchema field, ulong scalar, ReadOnlySpan<byte> content)
    {
        switch (field.Type.Kind)
        {
            case FieldKind.List:
                if (json[field.Name] is not JsonArray list)
                {
                    json[field.Name] = list = [];
                }

                list.Add(Value(field.Type.Item!, scalar, content));
                break;
            case FieldKind.Map:
                var (key, value) = Entry(field.Type.Item!, content);
                json.Ensure(field.Name)[key] = value;
                break;
            default:
                json[field.Name] = Value(field.Type, scalar, content);
                break;
        }
    }

    private static (string Key, JsonNode? Value) Entry(FieldType item, ReadOnlySpan<byte> bytes)
    {
        var (key, value) = ("", Value(item, 0, []));
        while (Next(ref bytes, out var number, out var scalar, out var content))
        {
            (key, value) = number == 1 ? (Encoding.UTF8.GetString(content), value) : (key, Value(item, scalar, content));
        }

        return (key, value);
    }

    private static JsonNode? Value(FieldType type, ulong scalar, ReadOnlySpan<byte> content) => type.Kind switch
    {
        FieldKind.Text => Encoding.UTF8.GetString(content),
        FieldKind.Flag => scalar != 0,
        FieldKind.Integer32 => (int)scalar,
        FieldKind.Integer64 => (long)scalar,
        FieldKind.Number => BitConverter.UInt64BitsToDouble(scalar),
        FieldKind.Bytes => Convert.ToBase64String(content),
        FieldKind.Quantity => Encoding.UTF8.GetString(Member(content, 1, out _)),
        FieldKind.IntegerOrText => IntegerOrText(content),
        FieldKind.Time => Time(content, "yyyy-MM-dd'T'HH:mm:ss'Z'"),
        FieldKind.MicroTime => Time(content, "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'"),
        FieldKind.Object => Message(type.Target, content, []),
        _ => null,
    };

    private static JsonNode IntegerOrText(ReadOnlySpan<byte> content)
    {
        Member(content, 1, out var isText);
        Member(content, 2, out var number);
        return isText == 0 ? (int)number : Encoding.UTF8.GetString(Member(content, 3, out _));
    }

    private static JsonNode? Time(ReadOnlySpan<byte> content, string format)
    {
        Member(content, 1, out var seconds);
        Member(content, 2, out var nanoseconds);
        return content.IsEmpty ? null : DateTimeOffset.FromUnixTimeSeconds((long)seconds).AddTicks((long)nanoseconds / 100).ToString(format, CultureInfo.InvariantCulture);
    }

    private static ReadOnlySpan<byte> Member(ReadOnlySpan<byte> bytes, int wanted, out ulong scalar)
    {
        while (Next(ref bytes, out var number, out scalar, out var content))
        {
            if (number == wanted)
            {
                return content;
            }
        }

        scalar = 0;
        return [];
    }

    /// <summary>Takes the next field off the bytes: its number and, by its form, its value or its content.</summary>
    private static bool Next(scoped ref ReadOnlySpan<byte> bytes, out int number, out ulong scalar, out ReadOnlySpan<byte> content)
    {
        number = 0;
        scalar = 0;
        content = default;
        if (bytes.IsEmpty)
        {
            return false;
        }

        var tag = TakeVarint(ref bytes);
        number = (int)(tag >> 3);
        switch ((int)(tag & 7))
        {
            case Varint:
                scalar = TakeVarint(ref bytes);
                return true;
            case Fixed64:
                scalar = BinaryPrimitives.ReadUInt64LittleEndian(Take(ref bytes, 8));
                return true;
            case Fixed32:
                scalar = BinaryPrimitives.ReadUInt32LittleEndian(Take(ref bytes, 4));
                return true;
            case Bytes:
                content = Take(ref bytes, TakeVarint(ref bytes));
                return true;
            default:
                throw new FormatException("the protocol buffer has a field of unknown form");
        }
    }

    private static ReadOnlySpan<byte> Take(scoped ref ReadOnlySpan<byte> bytes, ulong count)
    {
        if (count > (ulong)bytes.Length)
        {
            throw new FormatException("the protocol buffer ends within a field");
        }

        var taken = bytes[..(int)count];
        bytes = bytes[(int)count..];
        return taken;
    }

    private static ulong TakeVarint(scoped ref ReadOnlySpan<byte> bytes)
    {
        var value = 0UL;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var part = Take(ref bytes, 1)[0];
            value |= (ulong)(part & 0x7f) << shift;
            if (part < 0x80)
            {
                return value;
            }
        }

        throw new FormatException("the protocol buffer has a number of more than 64 bits");
    }
}
