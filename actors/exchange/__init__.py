"""The venue as a client sees it: wire types, signing, order connections, REST, the stream.

The way of an order: ``wire_orders`` (its body), ``signing`` (its headers, made ahead),
``connection`` and ``orders`` (the wires), ``responses`` and ``outcome`` (what came
back, and what that means). Beside it: ``rest`` for everything else that is asked, and
``stream`` over ``stream_core`` for what the venue says by itself.
"""
