using System.Text;
using System.Text.Json.Nodes;
using Runner.EmbeddedCluster.Admission.Schemas;

namespace Runner.Tests.Engine.EmbeddedCluster.Admission;

public sealed class ProtobufReaderTests
{
    [Fact]
    public void An_object_in_binary_form_reads_as_its_json()
    {
        var quantity = Message(Field(1, "nvidia.com/gpu"), Field(2, Message(Field(1, "1"))));
        var probe = Message(Field(1, Message(Field(2, Message(Field(1, "/"), Field(2, Message(Number(1, 0), Number(2, 8000))))))));
        var container = Message(Field(1, "main"), Field(2, "x:1"), Field(3, "run"), Field(3, "me"), Field(8, Message(Field(1, quantity))), Field(11, probe));
        var volume = Message(Field(1, "d"), Field(2, Message(Field(10, Message(Field(1, "data"), Number(2, 1))))));
        var metadata = Message(Field(1, "p"), Field(8, Message(Number(1, 1_764_000_000))), Field(11, Message(Field(1, "app"), Field(2, "web"))));
        var pod = Message(Field(1, metadata), Field(2, Message(Field(1, volume), Field(2, container), Number(4, 30))));

        var json = ProtobufReader.Read(Wrapped("v1", "Pod", pod));

        var expected = JsonNode.Parse("""
            {"kind":"Pod","apiVersion":"v1","metadata":{"name":"p","creationTimestamp":"2025-11-24T16:00:00Z","labels":{"app":"web"}},
             "spec":{"volumes":[{"name":"d","persistentVolumeClaim":{"claimName":"data","readOnly":true}}],"terminationGracePeriodSeconds":30,
              "containers":[{"name":"main","image":"x:1","command":["run","me"],"resources":{"limits":{"nvidia.com/gpu":"1"}},"readinessProbe":{"httpGet":{"path":"/","port":8000}}}]}}
            """);
        Assert.True(JsonNode.DeepEquals(expected, json), json.ToJsonString());
    }

    [Fact]
    public void Bytes_that_are_cut_off_are_refused()
    {
        var body = Wrapped("v1", "Pod", Message(Field(1, Message(Field(1, "p")))));

        Assert.Throws<FormatException>(() => ProtobufReader.Read(body.AsSpan(..^1)));
        Assert.Throws<FormatException>(() => ProtobufReader.Read(Encoding.UTF8.GetBytes("{}")));
    }

    private static byte[] Wrapped(string apiVersion, string kind, byte[] raw) =>
        [.. "k8s\0"u8, .. Field(1, Message(Field(1, apiVersion), Field(2, kind))), .. Field(2, raw)];

    private static byte[] Message(params byte[][] fields) => [.. fields.SelectMany(f => f)];

    private static byte[] Field(int number, string text) => Field(number, Encoding.UTF8.GetBytes(text));

    private static byte[] Field(int number, byte[] content) => [.. Varint((ulong)((number << 3) | 2)), .. Varint((ulong)content.Length), .. content];

    private static byte[] Number(int number, ulong value) => [.. Varint((ulong)(number << 3)), .. Varint(value)];

    private static IEnumerable<byte> Varint(ulong value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            yield return (byte)(value | 0x80);
        }

        yield return (byte)value;
    }
}
